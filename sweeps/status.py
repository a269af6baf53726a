"""The status of a sweep, as a table for the screen."""

from __future__ import annotations

from typing import Any

from pipeline.console import Table
from sweeps.heartbeat import is_alive
from sweeps.sweep import Sweep


def status_table(sweep: Sweep) -> Table:
    """Return how far a sweep is: points by status, what failed or was refused and why, and the best point."""
    state, space = sweep.state(), sweep.space()
    table = Table("", "", title=sweep.folder.name, show_header=False)
    counts = {status: sum(p.status == status for p in state.points) for status in ("done", "stopped", "failed")}
    claimed = [p for p in state.points if p.status == "claimed"]
    alive = [p for p in claimed if is_alive(sweep.workers, p.worker, space.search.lease)]
    budget = str(space.budget.points) if space.budget.points else "no limit"
    table.add_row("points", f"{len(state.finished)} of {budget} finished: " + _counts(counts))
    table.add_row(
        "under way",
        f"{len(alive)}" + (f", {len(claimed) - len(alive)} to give back" if len(claimed) > len(alive) else ""),
    )
    for reason in dict.fromkeys(p.reason for p in state.points if p.status == "failed"):
        table.add_row("failed", reason)
    for refusal in state.refusals:
        table.add_row("refused", refusal["reason"])
    best = state.best
    if best is not None and best.error is not None:
        values = ", ".join(f"{name} = {_short(value)}" for name, value in best.values.items())
        table.add_row("best", f"point {best.number}, error {best.error:.3f}: {values}")
    return table


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {status}" for status, number in counts.items() if number) or "none"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
