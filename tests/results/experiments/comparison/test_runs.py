"""Runs of variants on made-up words: paired, resumable, and a failure is a row, not an end."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import psutil
import pytest
from rich.console import Console

from models.errors import InputError
from pipeline.config import load_config
from results.experiments.comparison import runs
from results.experiments.comparison.report import carry_out, write
from results.experiments.comparison.runs import Job, Variant, is_over, run_all, run_of, speakers
from results.statistics.summary import collapsed, summary

SHORT = ("training.epochs=2",)


def run(jobs: list[Job]) -> pd.DataFrame:
    return run_all(jobs, Console(file=io.StringIO()), workers=2)


def test_variants_are_trained_scored_and_found_again(words_config: Path) -> None:
    base = Variant("base", str(words_config))
    small = Variant("small", str(words_config), ("network.hidden=8",))
    jobs = [Job(v, seed, shared=SHORT) for v in (base, small) for seed in (1, 2)]
    rows = run(jobs)
    assert rows[["variant", "seed"]].to_numpy().tolist() == [["base", 1], ["base", 2], ["small", 1], ["small", 2]]
    assert rows["run"].nunique() == 4
    assert (rows["examples"] == 24).all()
    stamps = {path: path.stat().st_mtime_ns for run in rows["run"] for path in Path(run).glob("*.npz")}
    assert len(stamps) == 8
    pd.testing.assert_frame_equal(run(jobs), rows)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_folds_hold_out_each_speaker_of_the_training_part(words_config: Path) -> None:
    variant = Variant("base", str(words_config), SHORT)
    held = speakers(variant.settings(1))
    assert held == ["ann", "ben", "cia"]
    rows = run([Job(variant, 1, speaker) for speaker in held])
    assert rows["held"].tolist() == held
    assert (rows["examples"] == 20).all()
    assert summary(rows)["accuracy"].iloc[0] == pytest.approx(rows["accuracy"].mean())


def test_a_run_that_fails_is_a_row_with_its_reason(words_config: Path, tmp_path: Path) -> None:
    good = Variant("good", str(words_config), SHORT)
    bad = Variant("bad", str(words_config), (*SHORT, "training.learning_rate=1e38"))
    rows = run([Job(good, 1), Job(bad, 1)])
    assert rows["failed"].iloc[0] == ""
    assert "no longer numbers" in rows["failed"].iloc[1]
    assert collapsed(rows).tolist() == [False, True]
    write(tmp_path, "both", rows, summary(rows))
    assert "no longer numbers" in (tmp_path / "both-runs.csv").read_text()
    assert "| bad |" in (tmp_path / "both.md").read_text()


ENDLESS = """
import sys
from rich.console import Console
from results.experiments.comparison.runs import Job, Variant, run_all
if __name__ == "__main__":
    endless = Variant("endless", sys.argv[1], ("training.epochs=1000000",))
    run_all([Job(endless, seed) for seed in (1, 2)], Console(quiet=True), 2)
"""


def test_a_comparison_that_is_killed_leaves_no_processes(words_config: Path, tmp_path: Path) -> None:
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS)
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    process = subprocess.Popen([sys.executable, str(script), str(words_config)], env=environment)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("runs/words/*/metrics.csv"))) < 2:
        assert time.monotonic() < deadline, "no run has begun within a minute"
        assert process.poll() is None
        time.sleep(0.1)
    workers = psutil.Process(process.pid).children(recursive=True)
    assert len(workers) >= 2
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    for left in alive:
        left.kill()
    assert not alive


def test_a_variant_counts_above_what_all_share_and_the_seed_above_both(words_config: Path) -> None:
    variant = Variant("base", str(words_config), ("seed=9", "training.epochs=5"))
    shared = ["training.epochs=4", "network.hidden=7"]
    assert variant.settings(3, shared) == load_config(words_config, ["training.epochs=5", "network.hidden=7", "seed=3"])


def test_variants_of_the_same_config_share_their_run(words_config: Path) -> None:
    names = ("one", "other")
    rows = run([Job(Variant(name, str(words_config), SHORT), 1) for name in names])
    assert rows["variant"].tolist() == list(names)
    assert rows["run"].nunique() == 1
    assert rows["accuracy"].nunique() == 1


def test_what_is_wrong_with_a_run_but_its_learning_ends_the_comparison(words_config: Path) -> None:
    job = Job(Variant("good", str(words_config), SHORT), 1)
    run([job])
    checkpoint = run_of(job).folder / "best.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    with pytest.raises(InputError, match=r"best\.npz"):
        run([job])


def test_a_comparison_of_which_every_run_diverges_says_why(words_config: Path, tmp_path: Path) -> None:
    job = Job(Variant("bad", str(words_config), (*SHORT, "training.learning_rate=1e38")), 1)
    for _ in range(2):
        with pytest.raises(InputError, match=r"all of 1 runs failed.*no longer numbers"):
            carry_out(Console(file=io.StringIO()), "bad", [job], 1, tmp_path)


def test_a_run_that_failed_is_tried_again_by_other_code(words_config: Path) -> None:
    job = Job(Variant("good", str(words_config), SHORT), 1)
    run_of(job).write_text("failed.txt", "losses are no longer numbers\nan older commit\n")
    assert is_over(job)
    assert run([job])["failed"].item() == ""
    assert not (run_of(job).folder / "failed.txt").exists()


def test_a_speaker_named_like_a_part_is_refused(words_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = SimpleNamespace(speaker="test")
    monkeypatch.setattr(runs, "leave_one_speaker_out", lambda data: [named])
    with pytest.raises(InputError, match="a speaker of shd is called 'test'"):
        speakers(load_config(words_config))
