"""The comparison of training methods: plans, costs, findings, claims and figures."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from torch_extra import needs_torch

from models.errors import InputError
from pipeline.console import Console
from results.experiments.methods.claims import claims
from results.experiments.methods.findings import Findings, read_all
from results.experiments.methods.methods import methods
from results.experiments.methods.plan import CONTENDERS, FULL, REFERENCE, SMALL, Contender, Plan, chosen_plans
from results.experiments.methods.remarks import SCOPE, remarks
from results.experiments.methods.sentences import sentences
from results.experiments.methods.stages import stages
from results.figures.methods import by_steps, front, pareto
from sweeps.runner import Runner


@pytest.mark.parametrize("plan", [*FULL, *SMALL], ids=lambda plan: plan.name)
def test_every_method_has_the_same_budget_and_no_setting_twice(plan: Plan) -> None:
    candidates = plan.candidates()
    assert list(candidates) == [contender.name for contender in CONTENDERS]
    for options in candidates.values():
        assert len(options) == plan.points
        configs = [option.settings(1) for option in options]
        assert len({config.hash() for config in configs}) == len(options)


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_settings_are_of_one_method_and_are_searched_as_they_are_compared(contender: Contender) -> None:
    [plan] = SMALL
    options = plan.candidates()[contender.name]
    assert len({option.settings(1).training.method for option in options}) == 1
    assert {option.settings(1).training.epochs for option in options} == {2}  # The plan's own, above the space's.
    full, *_, digits = FULL
    for searched, own in zip(full.candidates()[contender.name], digits.candidates()[contender.name], strict=True):
        assert searched.settings(1) == own.settings(1)  # The same runs: they are trained once.
        config = digits.compared(own).settings(1)
        assert (config.data.dataset, config.data.utterances) == ("digits", 10)
        assert config.window == searched.settings(1).window
        assert config.training == searched.settings(1).training


def test_settings_of_another_data_set_are_compared_on_this_one() -> None:
    plan = Plan("elsewhere", "digits", CONTENDERS[:1], searched="fsdd-exponential")
    [options] = plan.candidates().values()
    searched, compared = (
        options[1].settings(1),
        plan.compared(options[1].__class__(REFERENCE, "x", options[1].overrides)),
    )
    assert searched.data.dataset == "fsdd"
    config = compared.settings(1)
    assert config.data.dataset == "digits"
    assert config.training.learning_rate == searched.training.learning_rate


def test_settings_that_are_searched_once_are_compared_on_every_held_out_speaker(words_config: Path) -> None:
    few = CONTENDERS[:1]
    tiny = ("network.hidden=4", "training.epochs=1", "network.delay_line.copies=1")
    runner = Runner(Console(quiet=True), 1)
    plan = Plan("words", str(words_config), few, tiny, True, 1, 1, str(words_config), tiny)
    found = runner.run("words", partial(stages, plan))
    assert found is not None
    assert len(found.choosing) == 1
    assert sorted(found.rows["held"]) == sorted(set(found.rows["held"]))
    nested = runner.run("words", partial(stages, replace(plan, searched="")))
    assert nested is not None
    assert len(nested.choosing) == len(nested.rows) == len(found.rows) > 1


def test_plans_and_methods_are_chosen_by_name() -> None:
    [plan] = chosen_plans(["asc"], ["e-prop"], small=False)
    assert [contender.name for contender in plan.contenders] == [REFERENCE, "e-prop"]
    assert len(chosen_plans([], [], small=False)) == len(FULL)
    with pytest.raises(InputError, match="there is no plan shd; there are fsdd-index"):
        chosen_plans(["shd"], [], small=False)
    with pytest.raises(InputError, match="there is no method 'eprop'; did you mean 'e-prop'"):
        chosen_plans([], ["eprop"], small=False)


@needs_torch
def test_a_small_comparison_runs_resumes_and_is_read_as_it_was_written(words_config: Path, tmp_path: Path) -> None:
    names = (REFERENCE, "perceptron", "converted perceptron")
    few = tuple(contender for contender in CONTENDERS if contender.name in names)
    plan = Plan("words", str(words_config), few, ("network.hidden=16", "training.epochs=2"), seeds=2, points=2)
    said = io.StringIO()
    runner = Runner(Console(file=said, width=300), 2)
    found = methods([plan], runner, tmp_path)["words"]
    table = found.table.set_index("method")
    assert set(table.index) == set(names)
    assert (table["seeds"] == 2).all()
    assert table.loc[REFERENCE, "times_the_time"] == pytest.approx(1, abs=0.9)
    assert (table["parameters"] > 0).all()
    assert table.loc["perceptron", "macs"] == table.loc["perceptron", "operations"]
    assert table.loc[REFERENCE, "macs"] == 0
    chosen = found.choice[found.choice["chosen"]]
    assert len(chosen) == len(names)
    again = Findings.read(tmp_path / "words.json")
    assert again.table["method"].tolist() == found.table["method"].tolist()
    np.testing.assert_allclose(again.table["accuracy"], found.table["accuracy"], rtol=1e-5)
    assert set(again.steps["steps"]) >= {1, 100}
    runs = set(found.rows["run"])
    assert set(methods([plan], runner, tmp_path)["words"].rows["run"]) == runs
    assert json.loads((tmp_path / "words.json").read_text())["configs"]
    assert "conversion" in (tmp_path / "claims.md").read_text().lower()
    for name in names[1:]:
        assert f"{name}: " in said.getvalue()
    assert by_steps(tmp_path / "words-steps.csv").axes
    assert pareto(tmp_path / "words.csv").axes
    assert [one.name for one in read_all(tmp_path)] == ["words"]


def made(better: float, loso: bool = False) -> Findings:
    """Findings in which e-prop is right in so many more recordings of each pair of speaker and word, of ten."""
    rng = np.random.default_rng(0)
    recordings = pd.DataFrame(
        [("test", speaker, word) for speaker in "abcdef" for word in "xy" for _ in range(10)],
        columns=["held", "speaker", "word"],
    )
    rows = []
    for seed in range(1, 6):
        for name, chance in ((REFERENCE, 0.6), ("e-prop", 0.6 + better)):
            right = (rng.random(len(recordings)) < chance).astype(int)
            rows.append((name, seed, "test", right.mean(), "".join(map(str, right)), "", f"runs/x/abc-s{seed}"))
    columns = ["variant", "seed", "held", "accuracy", "right", "failed", "run"]
    costs = pd.DataFrame({"method": [REFERENCE, "e-prop"]})
    for column in ("parameters", "spikes", "operations", "macs", "seconds", "megabytes"):
        costs[column] = [1.0, 2.0]
    costs["times_the_time"] = costs["times_the_memory"] = [1.0, 2.0]
    steps = pd.DataFrame(columns=["method", "seed", "held", "steps", "accuracy", "operations", "unconverted", "macs"])
    choice = pd.DataFrame(columns=["held", "variant", "setting", "validation", "chosen"])
    return Findings("made", loso, pd.DataFrame(rows, columns=columns), recordings, choice, costs, steps, {})


@pytest.mark.parametrize(("better", "verdict"), [(0.3, "better than"), (-0.3, "worse than"), (0.0, "no difference")])
def test_sentences_say_what_the_numbers_say(better: float, verdict: str) -> None:
    found = made(better)
    row = found.row("e-prop")
    assert row is not None
    assert row["low"] < row["accuracy"] < row["high"]
    [claim] = [one.found for one in claims([found], []) if one.claim.startswith("e-prop")]
    assert verdict in claim
    assert f"{100 * abs(row['difference']):.1f} points" in claim
    said = sentences(found)
    assert said[0].startswith(f"made: {REFERENCE} scores {found.row(REFERENCE)['accuracy']:.3f}")  # type: ignore[index]
    assert "2 times Eventprop's training time" in said[1]
    [text] = remarks([found]).values()
    assert text.endswith(SCOPE["e-prop"])


def test_every_contender_has_a_paragraph() -> None:
    assert set(SCOPE) == {contender.name for contender in CONTENDERS} - {REFERENCE}


def test_what_was_not_measured_is_said_to_be_open() -> None:
    open_ones = [one.claim for one in claims([made(0.1)], []) if one.found == "Not measured here."]
    assert len(open_ones) == 5


def test_claims_about_speed_are_the_benchmarks_ratios() -> None:
    rows = [
        {
            "case": f"{n} steps",
            "steps": n,
            "method": method,
            "cpu_ms_an_example": ms,
            "times_the_time": ms,
            "times_the_memory": 9.0,
        }
        for n in (500, 8000)
        for method, ms in (("surrogate", 20.0), ("parallel-lif", 4.0 if n > 500 else 40.0))
    ]
    found = {one.claim: one.found for one in claims([], rows)}
    [faster] = [text for claim, text in found.items() if claim.startswith("Eventprop is 3")]
    assert "takes 20 times Eventprop's time and 9 times its memory with 8,000 steps" in faster
    [parallel] = [text for claim, text in found.items() if claim.startswith("ParaLIF")]
    assert "0.5 with 500 steps, 5 with 8,000 steps" in parallel


def test_the_front_holds_what_nothing_beats_in_both() -> None:
    table = pd.DataFrame({"method": list("abcd"), "operations": [1.0, 2.0, 3.0, 4.0], "accuracy": [0.5, 0.7, 0.6, 0.9]})
    assert front(table)["method"].tolist() == ["a", "b", "d"]
