"""The state of a sweep: its points, replayed from the store's events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from pipeline.config.migration import migrate_name
from sweeps.events import FINISHED, Event
from sweeps.parameters import Values

Status = Literal["open", "claimed", "done", "stopped", "failed"]
"""Of a point: free, taken by a worker; trained to its end, pruned, failed."""


@dataclass
class Point:
    """A point of the search space, numbered in the order in which points were proposed."""

    number: int
    values: Values
    status: Status = "open"
    worker: str = ""
    """Who trains it or trained it last."""
    error: float | None = None
    """The objective: the mean over seeds and folds; None while the point is not finished, and where it failed."""
    units: dict[str, float] = field(default_factory=dict)
    """The error of every seed and fold."""
    curves: dict[str, dict[int, float]] = field(default_factory=dict)
    """Errors by seed and fold and by epoch."""
    losses: int = 0
    """How many workers died while they trained it."""
    reason: str = ""
    """Why it failed."""
    seconds: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether it needs no more training."""
        return self.status in FINISHED


@dataclass
class State:
    """A sweep as of its last event."""

    begun: Event
    """The first event: space, commit and time."""
    points: list[Point]
    refusals: list[Event]
    """Jobs that did not start, with their reasons."""

    @classmethod
    def of(cls, events: Iterable[Event]) -> State:
        """Replay a store's events; events of a point after its end change nothing."""
        state = cls({}, [], [])
        for event in events:
            getattr(state, f"_on_{event['event']}", lambda _: None)(event)
        return state

    @property
    def finished(self) -> list[Point]:
        """Points that need no more training, in the order of their numbers."""
        return [point for point in self.points if point.finished]

    @property
    def best(self) -> Point | None:
        """The point of the least error among those that were trained to their end."""
        done = [
            (point.error, point.number) for point in self.points if point.status == "done" and point.error is not None
        ]
        return self.points[min(done)[1]] if done else None

    def _on_begin(self, event: Event) -> None:
        self.begun = self.begun or event

    def _on_ask(self, event: Event) -> None:
        if event["point"] == len(self.points):
            values = {migrate_name(name): value for name, value in event["values"].items()}
            self.points.append(Point(event["point"], values))

    def _on_claim(self, event: Event) -> None:
        point = self.points[event["point"]]
        if not point.finished:
            point.status, point.worker = "claimed", event["worker"]

    def _on_release(self, event: Event) -> None:
        point = self.points[event["point"]]
        if not point.finished and point.worker == event["worker"]:
            point.status = "open"
            point.losses += bool(event.get("died"))

    def _on_score(self, event: Event) -> None:
        curve = self.points[event["point"]].curves.setdefault(event["unit"], {})
        curve[int(event["epoch"])] = event["error"]

    def _on_unit(self, event: Event) -> None:
        self.points[event["point"]].units[event["unit"]] = event["error"]

    def _on_finish(self, event: Event) -> None:
        point = self.points[event["point"]]
        if not point.finished:
            point.status, point.worker = event["status"], event["worker"]
            point.error, point.reason = event.get("error"), event.get("reason", "")
            point.seconds = event.get("seconds", 0.0)

    def _on_refuse(self, event: Event) -> None:
        self.refusals.append(event)
