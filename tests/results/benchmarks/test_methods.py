"""Every training method beside Eventprop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from torch_extra import needs_torch

from models.engines import registry
from models.engines.torch.entry import TorchEntry
from results.benchmarks import child, methods, turns
from results.benchmarks.child import Answer
from results.benchmarks.shd_shaped import Shape
from results.benchmarks.trainers import METHODS, OURS, TRAINERS
from results.benchmarks.turns import take_turns, training

SHAPES = {f"{steps} steps": Shape(steps=steps, batch=10) for steps in (100, 200)}


@pytest.fixture
def acted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children that only say what they measured: e-prop takes 3 times Eventprop's time, 6 times with recurrence."""

    @contextmanager
    def acting(module: str, threads: int, trainer: str, shape: dict[str, Any]) -> Iterator[Callable[[], Answer]]:
        if trainer == "broken":
            raise RuntimeError("it broke")
        slower = 1 if trainer == OURS else 6 if shape["recurrent"] else 3
        cpu = slower * shape["steps"] * shape["batch"] / 1000
        larger = 50 if trainer == OURS else 100
        yield lambda: {"seconds": 9 * cpu, "cpu_seconds": cpu, "megabytes": larger, "hidden_spikes": 14.0}

    monkeypatch.setattr(turns, "child", acting)
    for title, recurrent in (("e-prop, feed-forward", False), ("broken", True)):
        for known in (METHODS, TRAINERS):
            monkeypatch.setitem(known, title, replace(METHODS["e-prop"], title=title, recurrent=recurrent))


@pytest.mark.usefixtures("acted")
def test_ratios_are_to_eventprop_on_the_same_network_in_cpu_time() -> None:
    rows = methods.run(shapes=SHAPES, methods=("e-prop", "e-prop, feed-forward"))
    columns = ("case", "trainer", "cpu_ms_of_eventprop", "times_the_time", "times_the_memory")
    assert [[row[column] for column in columns] for row in rows] == [
        [f"{steps} steps", name, pytest.approx(steps), pytest.approx(slower), larger]
        for steps in (100, 200)
        for name, slower, larger in (
            ("Eventprop", 1, 1),
            ("e-prop", 6, 2),
            ("Eventprop, feed-forward", 1, 1),
            ("e-prop, feed-forward", 3, 2),
        )
    ]
    assert rows[0]["note"] == str(SHAPES["100 steps"])
    assert rows[2]["note"] == str(replace(SHAPES["100 steps"], recurrent=False))


def test_e_prop_is_measured(tiny: Shape) -> None:
    eventprop, other = methods.run(True, {"60 steps": replace(tiny, steps=60, events=1000)}, ("e-prop",))
    assert float(other["times_the_time"]) > 0
    assert other["hidden_spikes"] == pytest.approx(eventprop["hidden_spikes"], rel=0.05)


@needs_torch
def test_a_network_of_numbers_is_measured_and_has_no_spikes(tiny: Shape) -> None:
    _, other = methods.run(True, {"60 steps": replace(tiny, steps=60, events=1000)}, ("perceptron",))
    assert float(other["times_the_time"]) > 0
    assert "hidden_spikes" not in other


@pytest.mark.usefixtures("acted")
def test_what_can_not_be_measured_has_a_row_that_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TorchEntry, "available", lambda self: "PyTorch is not installed")
    monkeypatch.setattr(type(METHODS["e-prop"].entry), "refusal", lambda self, problem: "has had enough")
    rows = methods.run(shapes=dict(list(SHAPES.items())[:1]), methods=("surrogate gradient", "e-prop"))
    assert rows[1] == {
        **{"case": "100 steps", "steps": "100", "threads": "1", "method": "surrogate", "trainer": "surrogate gradient"},
        "note": 'left out: engine "torch": PyTorch is not installed; pip install torch',
    }
    assert str(rows[2]["note"]).startswith('left out: engine "cpu" has had enough')


@pytest.mark.usefixtures("acted")
def test_what_would_need_too_much_is_left_out_and_so_is_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    notes = {}
    for name, value in (("MOST_SECONDS", 11.0), ("MOST_MEGABYTES", 150.0)):
        with monkeypatch.context() as limits:
            limits.setattr(methods, name, value)
            notes[name] = methods.run(shapes=SHAPES, methods=("e-prop",))[3]["note"]
    assert notes == {
        "MOST_SECONDS": "left out: would need 12 s per batch, more than 11",
        "MOST_MEGABYTES": "left out: would need 200 MB, more than 150",
    }
    failed = methods.run(shapes=SHAPES, methods=("broken",))
    assert [row.get("note") for row in failed[1::2]] == ["failed: it broke", "left out: failed in shorter trials"]


def test_what_does_not_answer_is_ended(tiny: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "LIMIT", 0.1)
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match=r"did not answer within 0\.1 s"), training(OURS, 1, tiny) as ask:
        take_turns({OURS: ask}, 1, tiny.batch)
    assert time.monotonic() - begun < 5


def test_every_line_has_a_method_of_the_registry_and_settings_of_that_method(tiny: Shape) -> None:
    for title, method in METHODS.items():
        problem = method.problem(tiny)
        assert problem.method in registry.methods(), title
        assert isinstance(problem.options, registry.options(problem.method) or type(None))
