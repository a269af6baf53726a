"""Experiments on a real Slurm: every run is trained once, whoever dies, and the tables are made afterwards."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from slurm import needs_slurm, wait_for

from pipeline.config import load_config
from pipeline.console import Console
from results.experiments.ablation import ablation, variants
from results.experiments.comparison.variants import jobs_of
from results.experiments.crossval import crossval
from results.experiments.study.choosing import choosing_jobs
from results.experiments.study.plan import Plan
from results.experiments.study.study import study
from sweeps.cluster import Cluster
from sweeps.heartbeat import workers
from sweeps.jobs import Job, is_done, speakers
from sweeps.runner import Runner

pytestmark = needs_slurm()

WANTS = Cluster(jobs=2, minutes=10, memory=0.0)


@pytest.fixture
def options(tmp_path: Path) -> Iterator[Path]:
    """What jobs ask for, as a file; jobs that are left over are cancelled."""
    path = tmp_path / "cluster.toml"
    path.write_text(f"minutes = {WANTS.minutes}\nmemory = {WANTS.memory}\n")
    yield path
    subprocess.run(["scancel", "--user", str(os.getuid())], check=True)
    wait_for(lambda: not queued(), 60, "cancelled jobs do not end")


def queued() -> str:
    return subprocess.run(["squeue", "-h"], capture_output=True, text=True, check=True).stdout


def submit(*arguments: object) -> list[str]:
    """Submit by the command line; return the jobs."""
    command = [sys.executable, "-m", "results", *map(str, arguments), "--cluster", "slurm", "--jobs", "2"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    assert "2 jobs: " in said
    return re.findall(r"\d+_\d+", said)


def beginnings(jobs: Sequence[Job]) -> list[int]:
    """Return how often the training of each run began."""
    return [(job.run.folder / "log").read_text().count("after epoch 0:") for job in jobs]


def here() -> Runner:
    return Runner(Console(file=io.StringIO(), width=200), workers=2)


def test_ablation(words_config: Path, options: Path, tmp_path: Path) -> None:
    names, overrides = ("feed-forward", "60 epochs"), ("network.hidden=8",)
    config, short = str(words_config), ("--seeds", 2, "--set", overrides[0])
    submit("ablation", *names, "--config", config, *short, "--options", options)
    jobs = jobs_of(variants(config, names), 2, overrides)
    wait_for(lambda: all(map(is_done, jobs)), 240, "the jobs do not train all runs")
    assert beginnings(jobs) == [1] * 6
    stamps = [(job.run.folder / "last.npz").stat().st_mtime_ns for job in jobs]
    table = ablation(here(), config, names, 2, shared=overrides, folder=tmp_path)
    assert table is not None
    assert (table["seeds"] == 2).all()
    assert (tmp_path / "ablation-words.md").exists()
    assert [(job.run.folder / "last.npz").stat().st_mtime_ns for job in jobs] == stamps


def test_crossval_whose_worker_is_killed_and_whose_jobs_are_cancelled(words_config: Path, options: Path) -> None:
    submitted = submit("crossval", words_config, "--set", "training.epochs=400", "--options", options)
    config = load_config(words_config, ["training.epochs=400"])
    jobs = [Job("words", config, speaker) for speaker in speakers(config)]

    def trainers() -> list[int]:
        folders = [job.run.folder for job in jobs if (job.run.folder / "metrics.csv").exists()]
        found = [int(worker.split(":")[1]) for folder in folders for worker in workers(folder)]
        return [process for process in found if psutil.pid_exists(process)]

    wait_for(trainers, 90, "no run is trained")
    os.kill(trainers()[0], signal.SIGKILL)
    wait_for(trainers, 90, "nobody goes on")
    subprocess.run(["scancel", *submitted], check=True)
    submit("crossval", words_config, "--set", "training.epochs=400", "--options", options)
    wait_for(lambda: all(map(is_done, jobs)), 300, "the jobs do not train all folds")
    assert beginnings(jobs) == [1] * 3
    said = io.StringIO()
    rows = crossval(here(), config, Console(file=said, width=200))
    assert rows is not None
    assert rows["held"].tolist() == ["ann", "ben", "cia"]
    assert "mean of folds" in said.getvalue()
    assert beginnings(jobs) == [1] * 3


def test_study(words_config: Path, options: Path, tmp_path: Path) -> None:
    plan = Plan("words", str(words_config), ("training.epochs=1", "network.hidden=8"), seeds=2)
    runner = Runner(Console(quiet=True), cluster="slurm", wants=WANTS, logs=tmp_path / "jobs")
    assert study([plan], runner, tmp_path / "study") == {}
    choosing = choosing_jobs(plan)
    folders = Path(os.environ["SPOKEN_SPIKES_RUNS"]) / "words"
    total = len(choosing) + 2 * 4
    wait_for(lambda: len(list(folders.glob("*/evaluation-*.json"))) == total, 300, "the jobs do not train all runs")
    assert all(map(is_done, choosing))
    logs = {path: path.read_text() for path in folders.glob("*/log")}
    assert [text.count("after epoch 0:") for text in logs.values()] == [1] * total
    found = study([plan], here(), tmp_path / "study")["words"]
    assert set(found.table["seeds"]) == {2}
    assert [path.read_text().count("after epoch 0:") for path in logs] == [1] * total
