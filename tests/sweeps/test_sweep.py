"""A sweep's points: taken once, given back, finished once."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from sweep_spaces import space

from models.errors import InputError
from sweeps import heartbeat
from sweeps.heartbeat import Heartbeat, is_alive
from sweeps.objective import LEAST_OTHERS, should_prune
from sweeps.state import Point, State
from sweeps.sweep import MOST_LOSSES, Sweep

GONE = "elsewhere:1:00000000"
"""A worker of another machine, without a sign of life."""


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    return begun(tmp_path, monkeypatch)


def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> Sweep:
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path))
    made = space(**({"budget": {"points": 3}, "search": {"strategy": "random"}} | fields))
    found = Sweep.of(made)
    found.begin(made)
    return found


def test_points_are_different_ones_and_end_with_the_budget(sweep: Sweep) -> None:
    with Heartbeat(sweep.workers) as one, Heartbeat(sweep.workers) as two:
        points = [sweep.take(worker) for worker in (one.worker, two.worker, one.worker, two.worker)]
        assert [p.number for p in points if p] == [0, 1, 2]
        assert points[3] is None
        assert not sweep.is_over()
        for point in points[:3]:
            assert point is not None
            assert sweep.finish(point, one.worker, "done", error=0.5)
        assert sweep.is_over()


def test_a_dead_workers_point_is_given_to_the_next(sweep: Sweep) -> None:
    first = sweep.take(GONE)
    with Heartbeat(sweep.workers) as heart:
        again = sweep.take(heart.worker)
        assert first is not None
        assert again is not None
        assert again.number == first.number
        assert again.values == first.values
        other = sweep.take(GONE)
        assert other is not None
        assert other.number == 1


def test_whoever_finishes_first_counts(sweep: Sweep) -> None:
    """A worker that was thought dead may not be."""
    first = sweep.take(GONE)
    with Heartbeat(sweep.workers) as heart:
        again = sweep.take(heart.worker)
        assert first is not None
        assert again is not None
        assert sweep.finish(first, GONE, "done", error=0.25)
        assert not sweep.finish(again, heart.worker, "done", error=0.75)
        sweep.release(again, heart.worker)
        assert [(p.status, p.error) for p in sweep.state().points] == [("done", 0.25)]


def test_a_point_that_kills_its_workers_has_failed(sweep: Sweep) -> None:
    for _ in range(MOST_LOSSES):
        point = sweep.take(GONE)
        assert point is not None
        assert point.number == 0
    point = sweep.take(GONE)
    assert point is not None
    assert point.number == 1
    assert sweep.state().points[0].status == "failed"
    assert "died" in sweep.state().points[0].reason


def test_time_is_a_budget_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = begun(tmp_path, monkeypatch, budget={"points": 0, "hours": 1.0})
    assert sweep.take(GONE) is not None
    monkeypatch.setattr(time, "time", lambda: sweep.state().begun["time"] + 3601)
    with Heartbeat(sweep.workers) as heart:
        assert sweep.take(heart.worker) is not None  # The one that was given back.
        assert sweep.take(heart.worker) is None


def test_a_sweep_is_continued_with_a_greater_budget_but_not_with_another_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = begun(tmp_path, monkeypatch)
    for _ in range(3):
        point = sweep.take(GONE)
        assert point is not None
        sweep.finish(point, GONE, "done", error=0.5)
    assert sweep.is_over()
    again = begun(tmp_path, monkeypatch, budget={"points": 5})
    assert again.folder == sweep.folder
    point = again.take(GONE)
    assert point is not None
    assert point.number == 3
    with pytest.raises(InputError, match="another space of this name"):
        begun(tmp_path, monkeypatch, config="fsdd")


def test_signs_of_life(tmp_path: Path) -> None:
    with Heartbeat(tmp_path) as heart:
        assert is_alive(tmp_path, heart.worker, 1.0)
    assert not is_alive(tmp_path, heart.worker, 1.0)
    host = heart.worker.split(":")[0]
    assert not is_alive(tmp_path, f"{host}:999999999:0", 60.0)
    old = tmp_path / "elsewhere-7-0.alive"
    old.touch()
    assert is_alive(tmp_path, "elsewhere:7:0", 60.0)
    os.utime(old, (time.time() - 61, time.time() - 61))
    assert not is_alive(tmp_path, "elsewhere:7:0", 60.0)
    assert heartbeat.BEAT < 60 / 5
    (tmp_path / "notes.alive").touch()
    assert heartbeat.workers(tmp_path) == ["elsewhere:7:0"], "another file is nobody's"
    assert not is_alive(tmp_path, "notes", 60.0)


def test_a_training_worse_than_the_median_at_the_same_epoch_is_should_prune() -> None:
    others = [Point(i, {}, curves={"s1": {1: 0.8, 2: 0.1 * i, 3: 0.9}}) for i in range(1, 6)]
    assert not should_prune({1: 0.9}, "s1", others, first=2)
    assert should_prune({1: 0.9, 2: 0.31}, "s1", others, first=2)
    assert not should_prune({1: 0.9, 2: 0.29}, "s1", others, first=2)
    assert not should_prune({1: 0.2, 2: 0.9}, "s1", others, first=2), "its best so far counts"
    assert not should_prune({1: 0.9, 2: 0.9}, "s2", others, first=2)
    assert not should_prune({1: 0.9, 2: 0.9}, "s1", others[: LEAST_OTHERS - 1], first=2)
    assert not should_prune({5: 0.99}, "s1", others, first=2), "nobody has come as far"


def test_replaying_half_a_store_never_fails(sweep: Sweep) -> None:
    for status in ("done", "failed"):
        point = sweep.take(GONE)
        assert point is not None
        sweep.report(point, "s1", 1, 0.5, 8)
        sweep.scored(point, "s1", 0.5)
        sweep.finish(point, GONE, status, error=None if status == "failed" else 0.5, reason="")
    events = sweep.store.events()
    for length in range(len(events) + 1):
        State.of(events[:length])
    state = sweep.state()
    assert state.best is not None
    assert state.best.number == 0
    assert state.points[0].units == {"s1": 0.5}
