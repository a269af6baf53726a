"""A sweep's folder: its store, its runs, and how workers take and finish points."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import InputError
from pipeline.training.run import commit, runs_folder
from sweeps.heartbeat import is_alive
from sweeps.objective import should_prune
from sweeps.space import Space, parse_space
from sweeps.state import Point, State
from sweeps.store import Store, Turn
from sweeps.strategies import propose

MOST_LOSSES = 3
"""Workers that may die while they train a point before the point counts as failed."""


@dataclass(frozen=True)
class Sweep:
    """A folder ``runs/sweeps/<space>-<strategy>-s<seed>``."""

    folder: Path

    @classmethod
    def of(cls, space: Space) -> Sweep:
        """Return the sweep of a space; its folder need not exist yet."""
        return cls(runs_folder() / "sweeps" / f"{space.name}-{space.search.strategy}-s{space.search.seed}")

    @classmethod
    def at(cls, folder: Path | str) -> Sweep:
        """Return the sweep in a folder.

        Raises
        ------
        InputError
            If it holds none.
        """
        sweep = cls(Path(folder))
        if not sweep.store.path.is_file():
            raise InputError(f"{folder} is not a sweep's folder: it has no {sweep.store.path.name}")
        return sweep

    @property
    def store(self) -> Store:
        """The file of events."""
        return Store(self.folder / "trials.jsonl")

    @property
    def runs(self) -> Path:
        """Folder of the points' runs."""
        return self.folder / "runs"

    @property
    def workers(self) -> Path:
        """Folder of the workers' heartbeats."""
        return self.folder / "workers"

    def state(self) -> State:
        """Replay the store."""
        return State.of(self.store.events())

    def space(self) -> Space:
        """Return the space that the sweep was begun with, with the budget that it was last continued with.

        Raises
        ------
        InputError
            If the store is empty or damaged.
        """
        events = [event for event in self.store.begun_events() if event["event"] in ("begin", "budget")]
        fields = dict(events[0]["space"])
        if events[-1]["event"] == "budget":
            fields["budget"] = events[-1]["budget"]
        return parse_space(fields, str(self.store.path))

    def begin(self, space: Space) -> None:
        """Write the space, or make sure that the sweep was begun with it; a new budget replaces the former.

        Raises
        ------
        InputError
            If the sweep was begun with another space, or its store is damaged or lost.
        """
        fields = space.model_dump(mode="json", exclude_none=True)
        with self.store.turn() as turn:
            if not turn.events:
                if self.runs.exists():
                    raise self.store.empty()
                turn.append("begin", space=fields, commit=commit())
                return
        begun = self.space()
        if begun.model_copy(update={"budget": space.budget}) != space:
            raise InputError(
                f"{self.folder} was begun with another space of this name; rename the space or move it away"
            )
        if begun.budget != space.budget:
            with self.store.turn() as turn:
                turn.append("budget", budget=fields["budget"])

    def use(self, data: str) -> None:
        """Keep a hash of the data that points learn from, or make sure that they are those of the sweep's first points.

        Raises
        ------
        InputError
            If the sweep was begun on other data.
        """
        with self.store.turn() as turn:
            known = next((event["data"] for event in turn.events if event["event"] == "data"), None)
            if known is None:
                turn.append("data", data=data)
            elif known != data:
                raise InputError(
                    f"{self.folder} was begun on other data than these, so that its points' errors can't be compared "
                    "with new ones; restore the data or move the folder away"
                )

    def take(self, worker: str) -> Point | None:
        """Take a point for a worker: one that was given back, or a new one; None if there is none now."""
        space = self.space()
        with self.store.turn() as turn:
            self._give_back(turn, space)
            state = State.of(turn.events)
            point = next((p for p in state.points if p.status == "open"), None)
            if point is None:
                if not self._may_propose(state, space):
                    return None
                values = propose(space, state.points)
                if values is None:
                    return None
                turn.append("ask", point=len(state.points), values=values)
                point = Point(len(state.points), values)
            turn.append("claim", point=point.number, worker=worker)
            return point

    def is_over(self) -> bool:
        """Return whether no point is under way and none will be proposed."""
        state, space = self.state(), self.space()
        if any(not point.finished for point in state.points):
            return False
        return not self._may_propose(state, space) or propose(space, state.points) is None

    def report(self, point: Point, unit: str, epoch: int, error: float, epochs: int) -> bool:
        """Write an epoch's error, and return whether the point should be pruned."""
        space = self.space()
        with self.store.turn() as turn:
            turn.append("score", point=point.number, unit=unit, epoch=epoch, error=round(error, 6))
            if not space.search.stop_early:
                return False
            state = State.of(turn.events)
        curve = state.points[point.number].curves[unit]
        others = [p for p in state.points if p.number != point.number]
        return should_prune(curve, unit, others, max(1, round(space.search.grace * epochs)))

    def scored(self, point: Point, unit: str, error: float) -> None:
        """Write the error of a seed and fold."""
        with self.store.turn() as turn:
            turn.append("unit", point=point.number, unit=unit, error=round(error, 6))

    def finish(self, point: Point, worker: str, status: str, **fields: Any) -> bool:
        """Write how a point ended, unless somebody else has; return whether it was written."""
        with self.store.turn() as turn:
            if State.of(turn.events).points[point.number].finished:
                return False
            turn.append("finish", point=point.number, worker=worker, status=status, **fields)
            return True

    def release(self, point: Point, worker: str) -> None:
        """Give a point back unfinished."""
        with self.store.turn() as turn:
            turn.append("release", point=point.number, worker=worker)

    def refuse(self, reason: str) -> None:
        """Write why a cluster's job refused to start."""
        with self.store.turn() as turn:
            turn.append("refuse", reason=reason)

    def _give_back(self, turn: Turn, space: Space) -> None:
        """Free the points of dead workers; a point that several workers have died with has failed."""
        for point in State.of(turn.events).points:
            if point.status != "claimed" or is_alive(self.workers, point.worker, space.search.lease):
                continue
            if point.losses + 1 < MOST_LOSSES:
                turn.append("release", point=point.number, worker=point.worker, died=True)
            else:
                reason = f"{MOST_LOSSES} workers died with it; out of memory, perhaps"
                turn.append("finish", point=point.number, worker=point.worker, status="failed", reason=reason)

    @staticmethod
    def _may_propose(state: State, space: Space) -> bool:
        budget = space.budget
        in_time = not budget.hours or time.time() - state.begun["time"] < 3600 * budget.hours
        return in_time and (not budget.points or len(state.points) < budget.points)
