"""Measuring in processes of their own."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from results.benchmarks import child
from results.benchmarks.shd_shaped import Shape
from results.benchmarks.turns import Measured, take_turns

ROOT = Path(__file__).parents[3]

ADDED = """
import numpy as np
from results.benchmarks.child import Memory
memory = Memory()
for megabytes in (40, 80, 40):
    np.ones(megabytes * 125_000)
print(memory.added())
"""


def test_the_peak_is_what_was_added_and_given_back() -> None:
    # In a process of its own, as benchmarks measure: what earlier tests did to this one's allocator counts there.
    said = subprocess.run([sys.executable, "-c", ADDED], cwd=ROOT, capture_output=True, text=True, check=True)
    assert 70 < float(said.stdout) < 110


def test_memory_is_measured_without_proc_and_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: Path) -> str:
        raise FileNotFoundError(path)

    peak = child._peak()
    monkeypatch.setattr(Path, "read_text", missing)
    assert child._peak() == pytest.approx(peak, rel=0.5)
    monkeypatch.setitem(sys.modules, "resource", None)
    assert child._peak() >= psutil.Process().memory_info().rss / 2


def test_a_child_answers_as_often_as_it_is_asked(tiny: Shape) -> None:
    with child.child("results.benchmarks.trainers", 1, trainer="ours", shape=asdict(tiny)) as ask:
        first, second = ask(), ask()
    for answer in (first, second):
        assert answer["seconds"] > 0
        assert answer["hidden_spikes"] > 1
    assert second["megabytes"] >= first["megabytes"]


def test_a_child_that_fails_is_quoted() -> None:
    failing = child.child("results.benchmarks.trainers", 1, shape={}, nonsense=1)
    with (
        pytest.raises(RuntimeError, match=r"results\.benchmarks\.trainers ended with 1: .*unexpected keyword"),
        failing,
    ):
        pass


class Canned:
    """Answers from a list."""

    def __init__(self, log: list[str], name: str, *seconds: float) -> None:
        self.log, self.name, self.left = log, name, list(seconds)

    def __call__(self) -> dict[str, float]:
        self.log.append(self.name)
        seconds = self.left.pop(0)
        return {"seconds": seconds, "cpu_seconds": seconds / 2, "megabytes": 100 * seconds, "hidden_spikes": 14.0}


def test_turns_alternate_and_last_a_while() -> None:
    log: list[str] = []
    fast, slow = Canned(log, "fast", 0.2, 0.2, 0.1, 0.25), Canned(log, "slow", 4.0, 2.0)
    found = take_turns({"fast": fast, "slow": slow}, 2, 10)
    assert log == ["fast", "fast", "slow", "fast", "fast", "slow"]
    assert found["fast"] == Measured(20.0, 10.0, 25.0, 14.0, 4)
    assert found["slow"] == Measured(300.0, 150.0, 400.0, 14.0, 2)
