"""The doctor finds what is installed, and notices what does not work."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from genn import needs_genn

from models.engines.genn import available
from pipeline import doctor
from pipeline.doctor import SPIKES, examine, small_problem


def findings() -> dict[str, doctor.Finding]:
    return {finding.what: finding for finding in examine()}


def test_the_small_problems_spikes_follow_from_the_equations() -> None:
    problem, weights, batch = small_problem()
    alpha, beta = math.exp(-1 / 20), math.exp(-1 / 5)
    gain = (1 - alpha) * 5 * (1 - beta)
    voltage, current, spiked = [0.0] * 3, [0.0] * 3, [False] * 3
    found: dict[int, list[float]] = {neuron: [] for neuron in range(3)}
    for step in range(problem.steps):
        events = batch.units[batch.steps == step]
        for j in range(3):
            current[j] += sum(float(weights["input_hidden"][unit, j]) for unit in events)
            current[j] += sum(float(weights["hidden_hidden"][i, j]) for i in range(3) if spiked[i])
        for j in range(3):
            voltage[j] = alpha * voltage[j] + gain * current[j]
            current[j] *= beta
        spiked = [v >= 1 for v in voltage]
        for j in range(3):
            if spiked[j]:
                voltage[j] = 0.0
                found[j].append(step + 1.0)
    assert found == SPIKES


def test_everything_that_is_here_works(pipeline: Callable[..., Any]) -> None:
    answer = pipeline("doctor")
    assert answer.code == 0, answer
    assert "CPU engine" in answer.out
    assert "gives the right spikes" in answer.out


def test_without_genn_it_says_where_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "missing", lambda: "pygenn can't be imported (No module named 'pygenn')")
    found = findings()["GeNN"]
    assert found.status == "absent"
    assert "genn-team.github.io" in found.remedy


def test_wrong_spikes_are_a_failure(monkeypatch: pytest.MonkeyPatch, pipeline: Callable[..., Any]) -> None:
    monkeypatch.setattr(doctor, "SPIKES", {0: [3.0]})
    found = findings()["CPU engine"]
    assert found.status == "fails"
    assert "right is" in found.detail
    assert found.remedy
    assert "not work" in pipeline("doctor").sentence


class TestWithGenn:
    pytestmark = needs_genn

    def test_each_backend_that_answers_runs(self) -> None:
        found = findings()
        for backend in available.backends():
            if available.answers(backend):
                assert found[f"GeNN engine, {backend}"].status == "ok"

    def test_a_compiler_that_fails_is_quoted(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        folder = tmp_path_factory.mktemp("broken")
        (folder / "g++").write_text("#!/bin/sh\necho 'fatal error: nothing works' >&2\nexit 1\n")
        (folder / "g++").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=":")
        monkeypatch.setenv("SPOKEN_SPIKES_GENN", str(folder / "code"))
        found = findings()["GeNN engine, single_threaded_cpu"]
        assert found.status == "fails"
        assert "nothing works" in found.detail
