"""The commands: sweeps that run here, are killed, go on, and are looked at."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import submitit
from genn import needs_genn

from models.engines.genn.folders import FOLDER_VARIABLE
from models.errors import InputError
from pipeline.config import load_config
from pipeline.data import hdf5
from pipeline.training.run import commit
from sweeps import cluster
from sweeps.cli import main
from sweeps.cluster import Task
from sweeps.jobs import Job, train_and_score
from sweeps.space import load_space
from sweeps.sweep import Sweep
from sweeps.worker import work, work_in_job

Command = Callable[..., Any]


@pytest.fixture
def sweeps(in_process: Callable[..., Command]) -> Command:
    """Run ``python -m sweeps`` with some arguments, in this process."""
    return in_process("sweeps", main)


def finishes(sweep: Sweep) -> Counter[int]:
    return Counter(event["point"] for event in sweep.store.events() if event["event"] == "finish")


def test_a_sweep_runs_through_and_can_be_looked_at(words_space: Path, sweeps: Command) -> None:
    code, out, err = sweeps("run", words_space, "--workers", 2)
    assert code == 0, err
    sweep = Sweep.at(out.strip().splitlines()[-1])
    assert finishes(sweep) == dict.fromkeys(range(6), 1)
    assert err.count("point ") == 6
    state = sweep.state()
    best = state.best
    assert best is not None
    assert 0 <= best.error < 0.5  # type: ignore[operator]
    assert len(list(sweep.runs.glob("words/*/result.json"))) == sum(p.status == "done" for p in state.points)
    code, out, _ = sweeps("status", sweep.folder)
    assert code == 0
    assert "6 of 6 finished" in out
    code, out, _ = sweeps("best", sweep.folder, "--seeds", 2)
    assert code == 0
    assert "95 % interval" in out
    config = load_config(sweep.folder / "best.toml")
    assert config.network.hidden == (best.values["network.hidden"],)
    assert config.training.learning_rate == pytest.approx(best.values["training.learning_rate"])
    assert "Error on validation" in (sweep.folder / "best.toml").read_text()
    code, out, _ = sweeps("plot", sweep.folder)
    assert code == 0
    for name in ("convergence", "partial-dependence", "evaluations", "parallel"):
        for ending, begin in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
            assert (sweep.folder / "plots" / f"{name}.{ending}").read_bytes().startswith(begin)
    code, out, _ = sweeps("importance", sweep.folder)
    assert code == 0
    assert "training.learning_rate" in out


def test_a_sweep_goes_on_only_on_the_data_it_was_begun_on(
    words_space: Path, words_config: Path, words_folder: Path, sweeps: Command, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(words_folder, own)
    words_config.write_text(words_config.read_text().replace(str(words_folder), str(own)))
    assert sweeps("run", words_space, "--workers", 1, "--points", 1).code == 0
    whole = hdf5.read(own / "shd_train.h5")
    hdf5.write(own / "shd_train.h5", whole.select(range(40)))
    sweep = Sweep(tmp_path / "runs" / "sweeps" / "words-sobol-s1")
    before = [event for event in sweep.store.events() if event["event"] != "budget"]
    answer = sweeps("run", words_space, "--workers", 1, "--points", 2)
    assert answer.sentence == (
        f"{sweep.folder} was begun on other data than these, so that its points' errors can't be compared with new "
        "ones; restore the data or move the folder away"
    )
    assert [event for event in sweep.store.events() if event["event"] != "budget"] == before
    with pytest.raises(InputError, match="was begun on other data than these"):
        work(sweep)
    assert sweeps("best", sweep.folder, "--seeds", 2).code == 2
    hdf5.write(own / "shd_train.h5", whole)
    os.environ["SPOKEN_SPIKES_RUNS"] = str(tmp_path / "runs")  # a worker, in its own process, has set it to its runs
    assert sweeps("run", words_space, "--workers", 1, "--points", 2).code == 0
    assert len(sweep.state().finished) == 2


def test_a_sweep_of_one_parameter_is_drawn_without_its_pairs(
    words_space: Path, sweeps: Command, tmp_path: Path
) -> None:
    words_space.write_text(words_space.read_text().split('[parameters."training.learning_rate"]')[0])
    sweep = Sweep(tmp_path / "words-sobol-s1")
    sweep.begin(load_space(words_space))
    with sweep.store.turn() as turn:
        for point, hidden in enumerate((4, 8, 16)):
            turn.append("ask", point=point, values={"network.hidden": hidden})
            turn.append("finish", point=point, worker="a", status="done", error=1 / hidden)
    code, out, err = sweeps("plot", sweep.folder)
    assert code == 0, err
    assert "evaluations: left out" in out
    drawn = {path.stem for path in (sweep.folder / "plots").iterdir()}
    assert drawn == {"convergence", "partial-dependence", "parallel"}


@pytest.mark.parametrize("options", [("--cluster", "local"), ("--print",)])
def test_a_path_that_a_cluster_would_change_is_refused(
    words_space: Path, sweeps: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "50%j"))
    code, _, err = sweeps("submit", words_space, "--jobs", 1, *options)
    assert code == 2
    assert "50%j" in err
    assert "percent sign" in err
    assert {path.name for path in tmp_path.iterdir() if "5" in path.name} == {"50%j"}


def test_speakers_left_out_score_a_point_as_crossvalidation_does(
    words_space: Path, sweeps: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = '[objective]\nkind = "loso"\nfolds = 2\nseeds = [3, 4]\n[budget]\npoints = 2'
    words_space.write_text(words_space.read_text().replace("[budget]\npoints = 6", asked))
    code, out, err = sweeps("run", words_space, "--workers", 1)
    assert code == 0, err
    sweep = Sweep.at(out.strip().splitlines()[-1])
    code, _, _ = sweeps("best", sweep.folder)
    assert code == 0
    assert "Error on held-out speakers" in (sweep.folder / "best.toml").read_text()
    point = sweep.state().best
    assert point is not None
    assert set(point.units) == {"s3 ann", "s3 ben", "s4 ann", "s4 ben"}
    assert point.error == pytest.approx(sum(point.units.values()) / 4)
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "again"))
    config = sweep.space().settings(point.values, 3)
    for speaker in ("ann", "ben"):
        row = train_and_score(Job("again", config, speaker))
        assert point.units[f"s3 {speaker}"] == pytest.approx(1 - row["accuracy"])


def test_workers_that_are_killed_are_started_again_and_the_same_command_goes_on(words_space: Path) -> None:
    space = load_space(words_space)
    sweep = Sweep.of(space)
    command = [sys.executable, "-m", "sweeps", "run", str(words_space), "--workers", "2", "--points", "8"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    killed: set[int] = set()
    deadline = time.monotonic() + 120
    while len(killed) < 2:
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.05)
        events = sweep.store.events() if sweep.store.path.exists() else []
        claims = [e for e in events if e["event"] == "claim"]
        for claim in claims[-1:] if len(claims) > len(killed) else []:
            process = int(claim["worker"].split(":")[1])
            if process not in killed and Path(f"/proc/{process}").exists():
                os.kill(process, signal.SIGKILL)
                killed.add(process)
    # The whole command dies, too, and its workers with it.
    workers = psutil.Process(running.pid).children(recursive=True)
    assert workers
    running.send_signal(signal.SIGKILL)
    running.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    for left in alive:
        left.kill()
    assert not alive
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=180)
    assert finishes(sweep) == dict.fromkeys(range(8), 1)
    assert all(p.status in ("done", "stopped") for p in sweep.state().points)
    assert any(e["event"] == "release" and e.get("died") for e in sweep.store.events())


@pytest.mark.parametrize("how", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)])
def test_a_sweep_that_is_asked_to_end_gives_its_points_back_and_leaves_no_processes(
    words_space: Path, how: signal.Signals
) -> None:
    words_space.write_text(words_space.read_text().replace("training.epochs=3", "training.epochs=100000"))
    sweep = Sweep.of(load_space(words_space))
    command = [sys.executable, "-m", "sweeps", "run", str(words_space), "--workers", "2"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=os.environ, text=True)
    deadline = time.monotonic() + 120
    while sum(bool(p.curves) for p in sweep.state().points) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    children = psutil.Process(running.pid).children(recursive=True)
    assert len(children) >= 2
    running.send_signal(how)
    assert running.wait(timeout=60) == 128 + how
    assert running.stderr is not None
    assert running.stderr.read().splitlines() == [
        f"ended by {how.name}: what was written is whole, and the same command goes on from there"
    ]
    _, alive = psutil.wait_procs(children, timeout=20)
    for left in alive:
        left.kill()
    assert not alive
    assert [p.status for p in sweep.state().points] == ["open", "open"]
    assert not list(sweep.workers.iterdir())


def test_a_point_that_fails_is_kept_with_its_reason_and_stops_nothing(words_space: Path, sweeps: Command) -> None:
    words_space.write_text(words_space.read_text().replace("high = 3e-2", "high = 1e38"))
    code, out, _ = sweeps("run", words_space, "--workers", 2)
    assert code == 0
    state = Sweep.at(out.strip().splitlines()[-1]).state()
    failed = [p for p in state.points if p.status == "failed"]
    assert failed
    assert all("no longer numbers" in p.reason for p in failed)
    assert len(state.finished) == 6
    assert "failed" in out


def test_a_worker_that_is_asked_to_end_gives_its_point_back(words_space: Path, sweeps: Command) -> None:
    words_space.write_text(words_space.read_text().replace("training.epochs=3", "training.epochs=2000"))
    assert sweeps("submit", words_space, "--print")[0] == 0
    sweep = Sweep.of(load_space(words_space))
    worker = subprocess.Popen([sys.executable, "-m", "sweeps", "worker", str(sweep.folder)], env=os.environ)
    deadline = time.monotonic() + 60
    while not any(p.curves for p in sweep.state().points):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 143
    assert [p.status for p in sweep.state().points] == ["open"]


def test_the_script_for_sbatch_is_whole(words_space: Path, sweeps: Command, tmp_path: Path) -> None:
    options = tmp_path / "cluster.toml"
    options.write_text('partition = "short"\nminutes = 30\n')
    code, out, _ = sweeps("submit", words_space, "--print", "--options", options, "--jobs", 7, "--account", "acc")
    assert code == 0
    for line in ("--array=0-6", "--partition=short", "--time=30", "--account=acc", "--requeue", "--mem=4096M"):
        assert f"#SBATCH {line}" in out
    assert re.search(r"-m sweeps worker .*words-sobol-s1 --threads 1", out)
    assert subprocess.run(["bash", "-n"], input=out, text=True, check=False).returncode == 0


@pytest.mark.parametrize("where", ["debug", "local"])
def test_a_sweep_is_submitted_to_this_machine(where: str, words_space: Path, sweeps: Command) -> None:
    code, out, err = sweeps("submit", words_space, "--cluster", where, "--jobs", 2, "--points", 4)
    assert code == 0, err
    sweep = Sweep.at(out.strip().splitlines()[-1])
    deadline = time.monotonic() + 120
    while not sweep.is_over():
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert finishes(sweep) == dict.fromkeys(range(4), 1)


def test_a_job_of_another_commit_refuses_and_status_says_so(
    words_space: Path, sweeps: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps("submit", words_space, "--print")
    sweep = Sweep.of(load_space(words_space))
    monkeypatch.setattr(cluster, "commit", lambda: "old")
    task = Task(partial(work_in_job, sweep, 1), sweep.refuse)
    monkeypatch.setattr(cluster, "commit", commit)
    with pytest.raises(InputError, match="submitted by commit old"):
        task()
    code, out, _ = sweeps("status", sweep.folder)
    assert code == 0
    assert "submitted by commit old" in " ".join(out.replace("│", " ").split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "nowhere"), "there is no space nowhere"),
        (("run", "SPACE", "--strategy", "luck"), "--strategy is luck"),
        (("run", "SPACE", "--set", "a.b=c"), "unknown field"),
        (("status", "thesis"), "there is no sweep"),
        (("best", "SPACE"), "there is no sweep"),
        (("submit", "SPACE", "--cluster", "moon"), "--cluster is moon"),
        (("submit", "SPACE", "--jobs", "0"), "jobs"),
        (("submit", "SPACE", "--print", "--minutes", "1"), "notice is 60 s; it must be shorter than the job's time"),
        (("worker", "nowhere"), "is not a sweep's folder"),
    ],
)
def test_what_is_wrong_gets_one_sentence(
    arguments: tuple[str, ...], words: str, words_space: Path, sweeps: Command
) -> None:
    code, _, err = sweeps(*(str(words_space) if a == "SPACE" else a for a in arguments))
    assert code == 2
    assert words in " ".join(err.split())
    assert "Traceback" not in err


def test_shipped_spaces_name_only_what_is_never_the_test_part(words_space: Path) -> None:
    for path in (Path(__file__).parents[2] / "sweeps" / "spaces").glob("*.toml"):
        assert tomllib.loads(path.read_text())["objective"]["kind"] in ("validation", "loso")


def test_arrays_are_split_at_the_sites_limit(
    words_space: Path, sweeps: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a cluster that only writes down what it is asked."""
    batches: list[int] = []

    class Written:
        def __init__(self, **_: Any) -> None:
            self.asked: dict[str, Any] = {}

        def update_parameters(self, **asked: Any) -> None:
            self.asked |= asked

        @contextlib.contextmanager
        def batch(self) -> Any:
            batches.append(0)
            yield

        def submit(self, task: Any) -> Any:
            batches[-1] += 1
            return type("Job", (), {"job_id": f"{len(batches)}_{batches[-1]}"})()

    monkeypatch.setattr(submitit, "AutoExecutor", Written)
    monkeypatch.setattr(cluster.shutil, "which", lambda _: "/usr/bin/sbatch")
    monkeypatch.setattr(cluster, "array_limit", lambda: 4)
    code, out, _ = sweeps("submit", words_space, "--jobs", 10)
    assert code == 0
    assert batches == [4, 4, 2]
    assert "10 jobs" in out


class TestWithGenn:
    pytestmark = needs_genn

    def test_jobs_keep_their_code_apart(
        self, words_space: Path, sweeps: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "code"))
        text = words_space.read_text().replace('"training.epochs=3"', '"training.epochs=2", "engine=genn"')
        words_space.write_text(text.replace("low = 4\nhigh = 24", "low = 8\nhigh = 9"))
        code, out, _ = sweeps("run", words_space, "--workers", 2, "--points", 4)
        assert code == 0
        state = Sweep.at(out.strip().splitlines()[-1]).state()
        assert [point.status in ("done", "stopped") for point in state.points] == [True] * 4
        assert len(list((tmp_path / "code").glob("*-0"))) >= 1

    def test_code_that_does_not_compile_is_a_points_failure(
        self, words_space: Path, sweeps: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "g++").write_text("#!/bin/sh\necho 'error: no compiler today' >&2\nexit 1\n")
        (tmp_path / "bin" / "g++").chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "code"))
        words_space.write_text(words_space.read_text().replace('"training.epochs=3"', '"engine=genn"'))
        code, out, _ = sweeps("run", words_space, "--workers", 1, "--points", 2)
        assert code == 0
        state = Sweep.at(out.strip().splitlines()[-1]).state()
        assert [point.status for point in state.points] == ["failed"] * 2
        assert all("no compiler today" in point.reason for point in state.points)
