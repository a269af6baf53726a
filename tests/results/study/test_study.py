"""The study's plan, its slices, and a whole small one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from models.errors import InputError
from pipeline.data.packing import pack
from results.study import plan as plans
from results.study.plan import FULL, SETTINGS, SMALL, Plan
from results.study.slices import by_slice, counts
from results.study.study import sentence, study
from results.study.submit import Share, submit_study
from sweeps.submit import Cluster


def test_every_window_has_the_same_budget_and_its_settings_fit_the_configs() -> None:
    assert len({len(settings) for settings in SETTINGS.values()}) == 1
    assert set(SETTINGS) == {"exponential", "uniform", "gaussian", "bump"}
    for plan in (*FULL, *SMALL):
        for options in plan.candidates().values():
            for option in options:
                option.settings(1, plan.shared)
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
    assert counts(test, 100).shape == (100, 35)
    assert (counts(test, 0, 300) ** 2).sum() == len(test.times)
    table = by_slice(training, test, 300.0)
    assert table["begin"].tolist() == [0, 50, 100, 150, 200, 250]
    assert table["alone"][2] > 0.9
    assert table["alone"].drop(2).max() < 0.45
    assert table["until"][1] < 0.45
    assert table["until"][5] > 0.7


def test_a_small_study_runs_and_says_what_follows(
    words_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {window: settings[:1] for window, settings in SETTINGS.items()}
    monkeypatch.setattr(plans, "SETTINGS", one)
    plan = Plan("words", str(words_config), ("training.epochs=2",), seeds=3, choosing=1)
    said = io.StringIO()
    tables = study([plan], Console(file=said, width=300), 2, tmp_path / "study")
    table = tables["words"]
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
        "words-choice.csv",
    ]
    assert all((folder / name).stat().st_size > 0 for name in names)
    runs = pd.read_csv(folder / "words-runs.csv")
    assert len(runs) == 4 * 3
    assert runs["seed"].max() == 3
    assert sentence(table, plan) in said.getvalue()
    assert sentence(table, plan) in (folder / "words.md").read_text()


def test_jobs_share_the_runs_and_the_study_only_makes_tables_afterwards(
    words_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {window: settings[:1] for window, settings in SETTINGS.items()}
    monkeypatch.setattr(plans, "SETTINGS", one)
    plan = Plan("words", str(words_config), ("training.epochs=2",), seeds=2, choosing=1)
    jobs = submit_study([plan], "debug", Cluster(jobs=1), tmp_path / "jobs")
    assert [job.result() for job in jobs] == [8]
    runs = tmp_path / "runs" / "words"
    trained = {path: path.stat().st_mtime_ns for path in runs.glob("*/last.npz")}
    assert len(trained) == 4 * (1 + 2)
    study([plan], Console(file=io.StringIO()), 1, tmp_path / "study")
    assert {path: path.stat().st_mtime_ns for path in runs.glob("*/last.npz")} == trained


def test_a_job_of_another_commit_refuses() -> None:
    with pytest.raises(InputError, match="submitted by commit old"):
        Share([], 0, 1, "old")()
