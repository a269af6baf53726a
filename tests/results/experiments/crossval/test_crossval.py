"""Leave-one-speaker-out cross-validation of the made-up words, by the command line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pipeline.data import hdf5
from pipeline.data.datasets import load
from pipeline.evaluation.intervals import wilson
from results.__main__ import main
from results.experiments.crossval import mean_interval

Command = Callable[..., Any]


@pytest.fixture
def results(in_process: Callable[..., Command]) -> Command:
    """Run ``python -m results`` with some arguments, in this process."""
    return in_process("results", main)


def test_it_prints_a_row_a_fold_and_keeps_the_table(words_config: Path, results: Command) -> None:
    answer = results("crossval", words_config, "--set", "training.epochs=1", "--workers", 1)
    assert answer.code == 0, answer
    for name in ("ann", "ben", "cia", "mean of folds"):
        assert name in answer.out
    folder = Path(answer.out.strip().splitlines()[-1])
    rows = (folder / "crossval.csv").read_text().splitlines()
    assert rows[0] == "speaker,examples,epoch,accuracy"
    assert [row.split(",")[:3] for row in rows[1:]] == [[name, "20", "1"] for name in ("ann", "ben", "cia")]
    accuracies = [float(row.split(",")[-1]) for row in rows[1:]]
    for accuracy in accuracies:
        low, high = wilson(round(20 * accuracy), 20)
        assert f"{low:.3f} .. {high:.3f}" in answer.out
    summary = json.loads((folder / "crossval.json").read_text())
    assert summary["folds"] == 3
    assert summary["accuracy"] == pytest.approx(np.mean(accuracies))
    assert summary["low"] <= summary["accuracy"] <= summary["high"]
    for name, accuracy in zip(("ann", "ben", "cia"), accuracies, strict=True):
        fold = folder.parent / "folds" / name / folder.name
        assert json.loads((fold / "evaluation-held-out.json").read_text())["accuracy"] == accuracy


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting takes root")
def test_runs_that_are_done_may_be_read_only(words_config: Path, tmp_path: Path, results: Command) -> None:
    command = ("crossval", words_config, "--set", "training.epochs=1", "--workers", 1)
    table = results(*command).out
    runs = tmp_path / "runs"
    mount = ["mount", "--bind", "-o", "ro", runs, runs]
    if subprocess.run(mount, capture_output=True).returncode or os.access(runs, os.W_OK):
        subprocess.run(["umount", runs], capture_output=True)
        pytest.skip("mounting a folder as read-only is not allowed here")
    try:
        answer = results(*command)
    finally:
        subprocess.run(["umount", runs], check=True)
    assert answer.code == 0, answer
    assert answer.out == table


def test_a_table_that_cant_be_kept_is_printed_all_the_same(
    words_config: Path, results: Command, caplog: pytest.LogCaptureFixture
) -> None:
    command = ("crossval", words_config, "--set", "training.epochs=1", "--workers", 1)
    folder = Path(results(*command).out.strip().splitlines()[-1])
    (folder / "crossval.csv").unlink()
    (folder / "crossval.csv").mkdir()
    answer = results(*command)
    assert answer.code == 0, answer
    assert "mean of folds" in answer.out
    assert caplog.messages[-1].startswith(f"{folder / 'crossval.csv'} can't be written (")


def test_the_number_of_jobs_is_the_options_unless_it_is_given(
    words_config: Path, results: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("results.__main__.JOBS", tmp_path / "jobs")
    (tmp_path / "cluster.toml").write_text("jobs = 2\n")
    command = ("crossval", words_config, "--set", "training.epochs=1", "--cluster", "debug")
    assert "2 jobs: " in results(*command, "--options", tmp_path / "cluster.toml").out
    assert "3 jobs: " in results(*command, "--options", tmp_path / "cluster.toml", "--jobs", 3).out
    assert "16 jobs: " in results(*command).out
    assert len(list((tmp_path / "runs").glob("words/folds/*/*/result.json"))) == 3


def test_a_fold_that_diverges_ends_it_in_one_sentence(words_config: Path, results: Command) -> None:
    overrides = ("--set", "training.epochs=1", "--set", "training.learning_rate=1e38")
    assert "no longer numbers" in results("crossval", words_config, *overrides, "--workers", 1).sentence


def test_one_speaker_cannot_be_left_out(
    words_config: Path, words_folder: Path, tmp_path: Path, results: Command
) -> None:
    data = load("shd", words_folder)
    for name, part in (("train", data.train), ("test", data.test)):
        alone = replace(part, speakers=np.zeros_like(part.speakers))
        hdf5.write(tmp_path / "alone" / f"shd_{name}.h5", alone)
    said = results("crossval", words_config, "--set", f"data.root={tmp_path / 'alone'}").sentence
    assert "at least two speakers" in said


def test_the_interval_of_folds_is_student_s() -> None:
    values = [0.4, 0.5, 0.55, 0.7]
    wanted = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert mean_interval(values) == pytest.approx((np.mean(values), *wanted))
    assert mean_interval([0.5]) == (0.5, 0.0, 1.0)


@pytest.mark.parametrize("command", ["ablation", "sizes", "robustness", "study", "crossval"])
def test_experiments_refuse_a_cluster_that_there_is_not(command: str, words_config: Path, results: Command) -> None:
    config = [words_config] if command == "crossval" else []
    assert "--cluster is moon" in results(command, *config, "--cluster", "moon").sentence
