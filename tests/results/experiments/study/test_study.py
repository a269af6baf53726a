"""The study's plan, its slices, and a whole small one."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import load_config
from pipeline.console import Console
from pipeline.data.packing import pack
from pipeline.training.run import Run, commit
from results.experiments.comparison.details import mean_curves
from results.experiments.study import matching
from results.experiments.study import plan as plans
from results.experiments.study.choosing import choose, choosing_jobs, comparing_jobs, setting_of, stages
from results.experiments.study.findings import Findings
from results.experiments.study.plan import ELSEWHERE, FULL, SMALL, Plan, settings
from results.experiments.study.slices import by_slice, counts
from results.experiments.study.study import study
from sweeps.cluster import Cluster
from sweeps.jobs import is_done, read_row
from sweeps.runner import Runner, help_out


def only(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Let so many settings of each window be tried."""
    few = {window: options[:count] for window, options in settings(5.0, False).items()}
    monkeypatch.setattr(plans, "settings", lambda gain, late: few)


@pytest.mark.parametrize("plan", [*FULL, *SMALL, *ELSEWHERE], ids=lambda plan: plan.name)
def test_every_window_has_the_same_budget_and_may_choose_the_gain(plan: Plan) -> None:
    candidates = plan.candidates()
    assert set(candidates) == {"exponential", "uniform", "gaussian", "bump"}
    assert len({len(options) for options in candidates.values()}) == 1
    for options in candidates.values():
        configs = [option.settings(1, (*plan.shared, *plan.shorter)) for option in options]
        assert len({config.hash() for config in configs}) == len(options)
        gains = {config.loss.scale for config in configs}
        assert {0.4 * plan.gain, plan.gain, 2 * plan.gain} <= gains
        own = load_config(plan.config).loss.scale
        assert min(gains) <= own <= max(gains)
    assert plan.seeds >= 10


def test_a_slice_is_where_the_information_was_put() -> None:
    """Words differ in their channels from 100 to 150 ms only."""
    rng = np.random.default_rng(0)

    def make(examples: int):
        rows, labels = [], np.arange(examples) % 4
        for label in labels:
            noise = np.sort(rng.uniform(0, 300, 60)).astype(np.float32)
            units = rng.integers(0, 700, 60)
            inside = (noise >= 100) & (noise < 150)
            units[inside] = rng.integers(0, 100, inside.sum()) + 170 * label
            rows.append((noise, units.astype(np.uint16)))
        return pack(rows, labels, np.zeros(examples, int), tuple("abcd"), ("x",), source="made")

    training, test = make(200), make(100)
    found = counts(test, 300.0)
    assert found.shape == (100, 6, 35)
    assert found.sum() == len(test.times)
    early = test.times < 120
    assert counts(test, 120.0).sum() == early.sum()
    assert found[:, 2].sum() == ((test.times >= 100) & (test.times < 150)).sum()
    assert found[:, :, 34].sum() == (test.units >= 680).sum()
    table = by_slice(training, test, 300.0)
    assert table["begin"].tolist() == [0, 50, 100, 150, 200, 250]
    assert (table["chance"] == 0.25).all()
    assert table["alone"][2] > 0.9
    assert table["alone"].drop(2).max() < 0.45
    assert table["until"][1] < 0.45
    assert table["until"][5] > 0.7


def test_a_small_study_runs_and_says_what_follows(
    words_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, 1)
    plan = Plan("words", str(words_config), ("training.epochs=2",), seeds=3, choosing=1)
    said = io.StringIO()
    found = study([plan], Runner(Console(file=said, width=300), 2), tmp_path / "study")["words"]
    table = found.table
    assert table["window"].tolist() == ["exponential", "uniform", "gaussian", "bump"]
    assert (table["seeds"] == 3).all()
    folder = tmp_path / "study"
    names = [
        "words.csv",
        "words.md",
        "words.json",
        "words.png",
        "words-slices.png",
        "words-runs.csv",
        "words-recordings.csv",
        "words-choosing.csv",
        "words-choice.csv",
        "words-curves.csv",
        "words-confusion.csv",
    ]
    assert all((folder / name).stat().st_size > 0 for name in names)
    runs = pd.read_csv(folder / "words-runs.csv", dtype={"right": str})
    assert len(runs) == 4 * 3
    assert runs["seed"].max() == 3
    each = pd.read_csv(folder / "words-curves.csv")
    assert len(each) == 4 * 3 * 2 * 2, "every run's"
    curves = mean_curves(each)
    assert len(curves) == 4 * 2 * 2
    assert (curves["seeds"] == 3).all()
    last = curves[(curves["variant"] == "bump") & (curves["split"] == "train") & (curves["epoch"] == 2)]
    assert last["loss"].item() == pytest.approx(runs[runs["variant"] == "bump"]["training_loss"].mean(), rel=1e-4)
    confusion = pd.read_csv(folder / "words-confusion.csv")
    for window, part in confusion.groupby("variant"):
        right = part[part["spoken"] == part["answer"]]["examples"].sum()
        own = runs[runs["variant"] == window]
        assert part["examples"].sum() == own["examples"].sum()
        assert right == pytest.approx((own["accuracy"] * own["examples"]).sum())
    choosing = pd.read_csv(folder / "words-choosing.csv")
    choice = pd.read_csv(folder / "words-choice.csv")
    assert choosing["seed"].min() == 1001
    assert choosing["validation"].tolist() == pytest.approx(choice["validation"].tolist())
    who = pd.read_csv(folder / "words-recordings.csv")
    assert len(who) == 24
    for run in runs.itertuples():
        own = confusion[(confusion["variant"] == run.variant) & (confusion["seed"] == run.seed)]
        right = own[own["spoken"] == own["answer"]].set_index("spoken")["examples"]
        by_word = pd.Series(list(map(int, run.right))).groupby(who["word"]).sum()
        assert by_word[by_word > 0].to_dict() == right.to_dict(), "in the recordings' order"
    assert who["speaker"].nunique() == 1
    assert (table[["units", "scored_on"]] == ["words", who["word"].nunique()]).all(axis=None)
    assert len(found.sentences) >= 6
    for sentence in found.sentences:
        assert sentence in said.getvalue()
        assert sentence in (folder / "words.md").read_text()
    again = Findings.read(folder / "words.json")
    assert again.plan == plan
    assert again.sentences == found.sentences
    pd.testing.assert_frame_equal(again.table, table)
    assert again.commits == found.commits == [commit()]
    assert {config.window.shape for _, config in again.windows} == set(table["window"])
    assert again.windows == [
        (name, Run.at(run).config())
        for name, run in runs[runs["seed"] == 1][["variant", "run"]].itertuples(index=False)
    ]
    assert 5 < found.onset < 20, "made-up words begin after 5 ms, and a twentieth of their spikes is 4 ms more"
    runs[runs.index != 0].to_csv(folder / "words-runs.csv", index=False)
    left = Findings.read(folder / "words.json").table.set_index("window")["seeds"]
    assert left.to_dict() == {"exponential": 2, "uniform": 3, "gaussian": 3, "bump": 3}, "a run that is not there"


def test_where_speakers_are_left_out_each_is_scored_with_settings_that_the_others_chose(
    words_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, 2)
    plan = Plan("loso", str(words_config), ("training.epochs=1",), loso=True, seeds=2, choosing=1)
    choosing = choosing_jobs(plan)
    assert len(choosing) == 3 * 4 * 2
    assert {job.held for job in choosing} == {"ann", "ben", "cia"}
    runner = Runner(Console(file=io.StringIO()), 2)
    table = study([plan], runner, tmp_path / "study")["loso"].table.set_index("window")
    choice = pd.read_csv(tmp_path / "study" / "loso-choice.csv")
    groups = choice.groupby(["held", "window"])
    assert len(groups) == 3 * 4
    assert groups["chosen"].sum().eq(1).all()
    assert (choice["validation"] == groups["validation"].transform("max"))[choice["chosen"]].all()
    chosen, again = choose(plan, pd.DataFrame([read_row(job) for job in choosing]))
    assert again["chosen"].tolist() == choice["chosen"].tolist()
    jobs = comparing_jobs(plan, chosen)
    assert len(jobs) == 2 * 3 * 4
    for job in jobs:
        own = choice[(choice["held"] == job.held) & (choice["window"] == job.label) & choice["chosen"]]
        (variant,) = (variant for variant in chosen[job.held] if variant.name == job.label)
        assert own["setting"].item() == setting_of(variant)
        assert job.config == variant.settings(job.config.seed, plan.shared)
    assert (table[["units", "scored_on"]] == ["speakers", 3]).all(axis=None)
    assert np.isfinite(table.loc["gaussian", "difference_low"])
    assert "Compared were 2 seeds on 3 speakers." in (tmp_path / "study" / "loso.md").read_text()


def test_a_window_on_the_information_overlaps_it_and_one_beside_it_does_not() -> None:
    slices = pd.DataFrame({"begin": [0.0, 50.0, 100.0, 150.0], "alone": [0.2, 0.25, 0.85, 0.25], "chance": 0.25})
    informed = matching.profile(slices)
    assert informed == pytest.approx([0, 0, 1, 0])
    there, beside = np.zeros(200, np.float32), np.zeros(200, np.float32)
    there[100:150], beside[:100] = 1, 1
    assert matching.overlap(informed, matching.weights(there, slices, 1.0)) == 1.0
    assert matching.overlap(informed, matching.weights(beside, slices, 1.0)) == 0.0
    assert matching.weights(beside, slices, 1.0) == pytest.approx([0.5, 0.5, 0, 0])
    assert matching.weights(np.ones(100, np.float32), slices, 2.0) == pytest.approx([0.25] * 4)
    choice = pd.DataFrame(
        {
            "held": "test",
            "window": "gaussian",
            "centre": [1.0, 2.0, 3.0, 3.0],
            "overlap": [0.1, 0.5, 0.9, 0.9],
            "validation": [0.3, 0.4, 0.0, 1.0],
            "chosen": [False, True, False, False],
        }
    )
    assert matching.places(choice)["validation"].tolist() == [0.3, 0.4, 0.5], "means over gains"
    assert matching.rank(choice) == (2.0, 3)
    assert matching.correlation(choice) == 1.0
    assert matching.correlation(choice.assign(validation=[0.8, 0.4, 0.3, 0.1])) == -1.0
    assert np.isnan(matching.correlation(choice.assign(overlap=0.5)))


def test_jobs_train_the_runs_and_the_study_only_makes_tables_afterwards(
    words_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, 1)
    plan = Plan("words", str(words_config), ("training.epochs=1",), seeds=2, choosing=1)
    cluster = Runner(Console(file=io.StringIO()), cluster="debug", wants=Cluster(jobs=1), logs=tmp_path / "jobs")
    assert study([plan], cluster, tmp_path / "study") == {}
    assert not (tmp_path / "study").exists(), "tables are made afterwards"
    runs = tmp_path / "runs" / "words"
    trained = {path: path.stat().st_mtime_ns for path in runs.glob("*/last.npz")}
    assert len(trained) == 4 * (1 + 2)
    study([plan], Runner(Console(file=io.StringIO()), 1), tmp_path / "study")
    assert {path: path.stat().st_mtime_ns for path in runs.glob("*/last.npz")} == trained
    assert (tmp_path / "study" / "words.csv").exists()


def test_a_setting_whose_training_diverges_is_not_chosen_and_holds_nobody_up(
    words_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverging = ("loss.window.shape=uniform", "training.learning_rate=1e38")
    learning = ("loss.window.shape=uniform", "training.learning_rate=0.01")
    options = {"exponential": settings(5.0, False)["exponential"][:2], "uniform": (diverging, learning)}
    monkeypatch.setattr(plans, "settings", lambda gain, late: options)
    plan = Plan("words", str(words_config), ("training.epochs=1",), seeds=1)
    choosing = choosing_jobs(plan)
    assert help_out([partial(stages, plan)], 1) == 4 + 2
    assert all(is_done(job) for job in choosing)
    assert "no longer numbers" in (choosing[2].run.folder / "failed.txt").read_text()
    assert not (choosing[2].run.folder / "result.json").exists()
    chosen, _ = choose(plan, pd.DataFrame([read_row(job) for job in choosing]))
    assert chosen["test"][1].overrides == learning
