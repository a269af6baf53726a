"""The runner: nothing is trained twice, whoever dies, here and on a cluster."""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import psutil
import pytest
from sweep_experiments import jobs, made, two_stages

from models.errors import InputError
from pipeline.console import Console
from pipeline.training.run import commit
from sweeps import cluster, runner
from sweeps.claims import claim
from sweeps.cluster import Cluster, Task
from sweeps.heartbeat import workers
from sweeps.jobs import TEST, VALIDATION, Job, is_done, read_row, train_and_score
from sweeps.processes import cores, threads_of_children
from sweeps.runner import Runner, carry_out, help_out, one_stage

SUPPORT = Path(__file__).parents[1] / "support"


def here(workers: int = 2) -> Runner:
    return Runner(Console(file=io.StringIO(), width=200), workers)


def process(*arguments: object) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1])])
    command = [sys.executable, str(SUPPORT / "sweep_experiments.py"), *map(str, arguments)]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, stdout=subprocess.DEVNULL)


def wait_for(what: Callable[[], object], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def beginnings(job: Job) -> int:
    """Return how often the training of a job's run began."""
    return (job.run.folder / "log").read_text().count("after epoch 0:")


def content(folder: Path) -> dict[str, bytes]:
    """Return the files of a run that must be the same to the byte."""
    apart = {"log", "timing.csv", "env.json"}
    # What a killed writer has left half-written begins with a dot.
    files = [path for path in sorted(folder.iterdir()) if path.name not in apart and path.name[0] != "."]
    return {path.name: path.read_bytes() for path in files}


def test_jobs_are_trained_scored_and_found_again(words_config: Path) -> None:
    config = str(words_config)
    short = "training.epochs=2"
    asked = [made(config, seed, TEST, short, f"network.hidden={n}") for n in (24, 8) for seed in (1, 2)]
    asked += [made(config, 1, held, short) for held in (VALIDATION, "ben")]
    rows = here().train(asked)
    assert rows["seed"].tolist() == [1, 2, 1, 2, 1, 1]
    assert rows["held"].tolist() == [TEST] * 4 + [VALIDATION, "ben"]
    assert rows["run"].nunique() == 5, "the validation part is scored by the run that is scored on the test part, too"
    stamps = {path: path.stat().st_mtime_ns for run in rows["run"] for path in Path(run).glob("*.npz")}
    assert len(stamps) == 15, "two checkpoints and the recordings of five runs"
    pd.testing.assert_frame_equal(here().train(asked), rows)
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert [beginnings(job) for job in asked] == [1] * 6


def test_jobs_of_the_same_config_share_their_run(words_config: Path) -> None:
    (job,) = jobs(str(words_config), 1, 1)
    runner = here()
    rows = runner.train([Job(name, job.config) for name in ("one", "other")])
    assert rows["variant"].tolist() == ["one", "other"]
    assert rows["run"].nunique() == 1
    assert rows["accuracy"].nunique() == 1
    said = runner.console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert sum(", seed 1, test: " in line for line in said) == 1, "a line a run"


def test_what_is_wrong_with_a_run_but_its_learning_ends_the_experiment(words_config: Path) -> None:
    asked = jobs(str(words_config), 1, 2)
    train_and_score(asked[0])
    checkpoint = asked[0].run.folder / "best.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    with pytest.raises(InputError, match=r"best\.npz"):
        here(1).train(asked)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)])
def test_an_experiment_that_is_ended_leaves_no_processes(words_config: Path, how: signal.Signals) -> None:
    running = process(words_config, 2, 1_000_000, 2)
    endless = jobs(str(words_config), 1_000_000, 2)
    wait_for(lambda: all((job.run.folder / "metrics.csv").exists() for job in endless))
    assert running.poll() is None
    children = psutil.Process(running.pid).children(recursive=True)
    assert len(children) >= 2
    running.send_signal(how)
    code = running.wait(timeout=60)
    _, alive = psutil.wait_procs(children, timeout=20)
    for left in alive:
        left.kill()
    assert not alive
    if how != signal.SIGKILL:
        assert code == 128 + how
        assert [workers(job.run.folder) for job in endless] == [[], []], "the workers have ended in order"
        assert not [path for job in endless for path in job.run.folder.glob(".*.part")]


def test_the_run_of_a_killed_worker_is_taken_over_and_ends_with_the_same_bytes(
    words_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = jobs(str(words_config), 60, 2)
    running = process(words_config, 2, 60, 2)

    def trainers() -> list[int]:
        """Return the processes that have trained an epoch of a run."""
        begun = [job.run.folder for job in asked if (job.run.folder / "metrics.csv").exists()]
        return [int(worker.split(":")[1]) for folder in begun for worker in workers(folder)]

    wait_for(lambda: len(trainers()) == 2)
    os.kill(trainers()[0], signal.SIGKILL)
    assert running.wait(timeout=240) == 0
    assert all(is_done(job) for job in asked)
    assert all(workers(job.run.folder) == [] for job in asked)
    interrupted = [job for job in asked if len((job.run.folder / "log").read_text().splitlines()) > 1]
    assert interrupted
    found = [content(job.run.folder) for job in interrupted]
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "again"))
    for job in interrupted:
        train_and_score(job)
    assert [content(job.run.folder) for job in interrupted] == found


def test_two_processes_at_once_train_every_run_exactly_once(words_config: Path) -> None:
    both = [process(words_config, 2, 12, 5) for _ in range(2)]
    assert [running.wait(timeout=240) for running in both] == [0, 0]
    asked = jobs(str(words_config), 12, 5)
    assert all(is_done(job) for job in asked)
    assert [beginnings(job) for job in asked] == [1] * 5


def test_a_run_that_somebody_else_trains_is_waited_for(words_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LOOK", 0.2)
    asked = jobs(str(words_config), 1, 2)
    said: list[bool] = []

    def tell(self: Runner, job: Job, row: Any) -> None:
        said.append(is_done(asked[0]))
        if not said[0]:
            held.__exit__(None, None, None)

    held = claim(asked[0].run)
    held.__enter__()
    monkeypatch.setattr(Runner, "_tell", tell)
    rows = here(1).train(asked)
    assert rows["failed"].tolist() == ["", ""]
    assert said == [False, True], "the other run is trained first"


def test_workers_that_die_again_and_again_end_the_experiment(
    words_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_train_in_worker", _die)
    with pytest.raises(InputError, match="workers died 4 times in a row"):
        here(1).train(jobs(str(words_config), 1, 1))


def _die(job: Job, threads: int) -> None:
    os._exit(9)


def test_stages_are_sent_the_rows_that_they_wait_for(words_config: Path) -> None:
    experiment = partial(two_stages, str(words_config))
    result = here().run("made", pickle.loads(pickle.dumps(experiment)))
    assert result is not None
    size, rows = result
    assert size in (4, 16)
    assert rows["hidden"].tolist() == [str(size)] * 2
    _, again = carry_out(experiment, lambda jobs: pd.DataFrame([read_row(job) for job in jobs]))
    pd.testing.assert_frame_equal(again, rows)


def test_the_jobs_of_a_cluster_train_and_the_same_experiment_only_reads_afterwards(
    words_config: Path, tmp_path: Path
) -> None:
    experiment = partial(two_stages, str(words_config))
    console = Console(file=io.StringIO(), width=200)
    debug = Runner(console, cluster="debug", wants=Cluster(jobs=2), logs=tmp_path / "logs")
    assert debug.run("made", experiment) is None
    assert "2 jobs: " in console.file.getvalue()  # type: ignore[attr-defined]
    trained = {path: path.stat().st_mtime_ns for path in (tmp_path / "runs").glob("words/*/last.npz")}
    assert len(trained) == 2 + 2
    result = here(1).run("made", experiment)
    assert result is not None
    assert {path: path.stat().st_mtime_ns for path in trained} == trained
    assert (result[1]["failed"] == "").all()


def test_jobs_on_this_machine_share_the_runs(words_config: Path, tmp_path: Path) -> None:
    asked = jobs(str(words_config), 4, 5)
    local = Runner(Console(quiet=True), cluster="local", wants=Cluster(jobs=2), logs=tmp_path / "logs")
    local.run("made", partial(one_stage, asked))
    wait_for(lambda: all(is_done(job) for job in asked))
    assert [beginnings(job) for job in asked] == [1] * 5
    wait_for(lambda: len(list(tmp_path.glob("logs/made/*_result.pkl"))) == 2)


def test_a_job_takes_over_what_nobody_trains_and_a_run_that_diverges_holds_nobody_up(
    words_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [made(str(words_config), 1, TEST, "training.epochs=1")]
    asked += [made(str(words_config), 2, TEST, "training.epochs=1", "training.learning_rate=1e38")]
    claimed = jobs(str(words_config), 2, 1)[0]
    claimed.run.folder.mkdir(parents=True)
    gone = claimed.run.folder / "elsewhere-1-00000000.alive"
    gone.touch()
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        assert [is_done(job) for job in asked] == [True, True], "what is free is trained first"
        waited.append(seconds)
        os.utime(gone, (0, 0))

    monkeypatch.setattr(runner, "time", SimpleNamespace(sleep=sleep))
    assert help_out([partial(one_stage, [claimed, *asked])], 1) == 3
    assert len(waited) == 1
    assert is_done(claimed)
    assert "no longer numbers" in (asked[1].run.folder / "failed.txt").read_text()
    assert help_out([partial(one_stage, [claimed, *asked])], 1) == 0


def test_a_job_of_another_commit_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(cluster, "commit", lambda: "old")
    task = Task(partial(pytest.fail, "it began"), said.append)
    monkeypatch.setattr(cluster, "commit", commit)
    with pytest.raises(InputError, match="submitted by commit old"):
        task()
    assert len(said) == 1
    assert "submitted by commit old" in said[0]


def test_cores_are_counted_where_there_is_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cores() == os.cpu_count()


def test_children_have_so_many_threads_and_this_process_has_what_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("NUMBA_NUM_THREADS", raising=False)
    with threads_of_children(3):
        assert (os.environ["OMP_NUM_THREADS"], os.environ["NUMBA_NUM_THREADS"]) == ("3", "3")
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "NUMBA_NUM_THREADS" not in os.environ
