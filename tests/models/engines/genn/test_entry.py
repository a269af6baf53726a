"""The GeNN engine's entry: what it refuses, and on which devices it runs."""

from __future__ import annotations

from typing import Any

import pytest
from event_nets import Plan, draw
from genn import needs_genn

from models.engines.genn import available
from models.engines.genn.entry import GennEntry, lanes
from models.engines.registry import choose, choose_for_trained
from models.errors import InputError
from models.losses import CrossEntropy, FirstSpike, MaxOverTime
from models.problem import Problem
from models.windows import Uniform

LOSS = CrossEntropy(Uniform())


def problem(loss: Any = LOSS, spiking: bool = False, **settings: Any) -> Problem:
    return draw(Plan(), 1, spiking).problem(loss, **settings)


REFUSED = [
    (problem(MaxOverTime()), "peak voltage"),
    (problem(FirstSpike(), spiking=True), "first spike"),
    (problem(LOSS, spiking=True), "no spiking outputs"),
    (problem(spike_times="interpolated"), "interpolated"),
]


@pytest.mark.parametrize(("wrong", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_it_can_not_do_is_refused(wrong: Problem, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "missing", lambda: None)
    assert GennEntry().refusal(problem()) is None
    with pytest.raises(InputError, match=words) as error:
        choose(wrong, "genn")
    assert 'engine = "cpu" does' in str(error.value)


def test_a_network_trained_on_a_gpu_runs_on_another_device_where_none_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(available, "missing", lambda: None)
    monkeypatch.setattr(available, "backends", lambda: ("cuda", "single_threaded_cpu"))
    for answering, device in (((), "single_threaded_cpu"), (("cuda",), "cuda")):
        there = ("single_threaded_cpu", *answering)
        monkeypatch.setattr(available, "answers", lambda backend, there=there: backend in there)
        assert choose_for_trained(problem(), "genn", "cuda").device == device


def test_a_device_that_genn_was_built_without_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "missing", lambda: None)
    monkeypatch.setattr(available, "backends", lambda: ("single_threaded_cpu",))
    with pytest.raises(InputError, match="built with single_threaded_cpu"):
        choose(problem(), "genn", "cuda")


def test_a_gpu_runs_a_process_s_share_of_a_batch_at_once() -> None:
    assert lanes("single_threaded_cpu", 32) == 1
    assert lanes("cuda", 32) == 32
    assert lanes("cuda", 32, processes=3) == 11


class TestWithGenn:
    pytestmark = needs_genn

    @pytest.mark.parametrize(("wrong", "words"), REFUSED, ids=[words for _, words in REFUSED])
    def test_the_engine_refuses_it_by_itself(self, wrong: Problem, words: str) -> None:
        from models.engines.genn.engine import GennEngine

        with pytest.raises(InputError, match=words):
            GennEngine(wrong, draw(Plan(), 1).weights)
