"""Training all runs of a comparison, several at a time; what is done already is not done again."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.errors import DivergedError, InputError
from pipeline.config import Config, load_config
from pipeline.data.splits import leave_one_speaker_out
from pipeline.evaluation.crossval import HELD_OUT, fold_folder, train_fold
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.trained import load_trained
from pipeline.training.examples import data_key, kept_dataset, load_dataset, split_training
from pipeline.training.placement import choose_engine
from pipeline.training.run import Run, commit
from pipeline.training.trainer import train
from results.tables.network_columns import network_columns

TEST = "test"
"""In place of a held-out speaker: the data set's own test part."""

VALIDATION = "validation"
"""Likewise the validation part, where settings are chosen: the test part is not looked at then."""

FAILED = "failed.txt"
"""In the folder of a run that could not be trained: why, and by which commit."""


NOTHING: dict[str, Any] = dict.fromkeys(
    ("examples", "accuracy", "validation", "last_validation", "training_loss", "rate", "silent", "epoch"), np.nan
) | dict.fromkeys(("right", "failed", "run"))
"""What is known of a run that could not be trained."""


@dataclass(frozen=True)
class Variant:
    """A config with some fields changed.

    Attributes
    ----------
    name : str
        What tables call it.
    config : str
        A TOML file, or the name of a shipped config.
    overrides : tuple of str
        ``a.b=c`` each.
    """

    name: str
    config: str
    overrides: tuple[str, ...] = ()

    def settings(self, seed: int, more: Sequence[str] = ()) -> Config:
        """Return the config of one seed; what makes the variant what it is counts above what all share."""
        return load_config(self.config, [*more, *self.overrides, f"seed={seed}"])


@dataclass(frozen=True)
class Job:
    """One run: a variant, a seed, what it is scored on, and further overrides that all variants share."""

    variant: Variant
    seed: int
    held: str = TEST
    shared: tuple[str, ...] = ()


def speakers(config: Config) -> list[str]:
    """Return the speakers that leave-one-speaker-out holds out, one after the other."""
    found = [fold.speaker for fold in leave_one_speaker_out(kept_dataset(config).train)]
    for name in {TEST, VALIDATION} & set(found):
        raise InputError(
            f"a speaker of {config.data.dataset} is called {name!r}, as a part of data sets is; rename them"
        )
    return found


def run_all(jobs: Sequence[Job], console: Console, workers: int = 0) -> pd.DataFrame:
    """Train and score all runs, each on one thread, in as many processes as there are cores.

    Parameters
    ----------
    jobs : sequence of Job
    console : Console
        Where progress is shown.
    workers : int
        Processes; 0 takes as many as cores.

    Returns
    -------
    DataFrame
        One row a job, in their order: variant, seed, held, the `NETWORK_COLUMNS`, examples, accuracy on what
        was held out, validation accuracy and loss of the epoch that validation chose and of the last one, training loss
        of the last, firing rate, silent fraction, which examples it got right
        (`evaluate.Evaluation.right`), and the run's folder. A run whose training diverged has the reason in
        ``failed`` and no numbers. Variants that come to the same config share their run.

    Raises
    ------
    InputError
        If a run can't be trained or scored.
    """
    workers = min(workers or len(os.sched_getaffinity(0)), max(len(jobs), 1))
    found: dict[tuple[Path, str], dict[str, Any]] = {}
    # Prepared once: the workers would all do it at once.
    for config in {data_key(config): config for config in map(_settings, jobs)}.values():
        load_dataset(config)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    before = {name: os.environ.get(name) for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")}
    os.environ.update(dict.fromkeys(before, "1"))
    try:
        with (
            Progress(*columns, console=console) as bar,
            ProcessPoolExecutor(workers, get_context("spawn"), initializer=_end_with_parent) as pool,
        ):
            distinct = {_key(job): job for job in reversed(jobs)}
            task = bar.add_task("runs", total=len(distinct))
            waiting = {pool.submit(_do, job): job for job in reversed(distinct.values())}
            for future in as_completed(waiting):
                job = waiting[future]
                try:
                    found[_key(job)] = future.result()
                except BaseException:
                    pool.shutdown(wait=False, cancel_futures=True)
                    raise
                bar.advance(task)
                if not console.is_terminal:
                    score = found[_key(job)].get("accuracy", float("nan"))
                    console.print(f"{job.variant.name}, seed {job.seed}, {job.held}: {score:.3f}", highlight=False)
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return pd.DataFrame([{"variant": job.variant.name} | found[_key(job)] for job in jobs])


def some_trained(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `run_all`, of which at least one must have been trained.

    Raises
    ------
    InputError
        If all have diverged.
    """
    if (rows["failed"] != "").all():
        raise InputError(f"all of {len(rows)} runs failed; the first: {rows['failed'].iloc[0]}")
    return rows


def run_of(job: Job) -> Run:
    """Return where a job's run lies; its folder need not exist yet."""
    config = choose_engine(_settings(job))
    return Run.of(config) if job.held in (TEST, VALIDATION) else fold_folder(config, job.held)


def evaluation_name(held: str) -> str:
    """Return the name of the file, in a run's folder, that says how it does on what was held out."""
    return f"evaluation-{held}.json" if held in (TEST, VALIDATION) else HELD_OUT


def is_over(job: Job) -> bool:
    """Return whether a job's run was trained to its end, or failed, here or elsewhere."""
    folder = run_of(job).folder
    return (folder / "result.json").exists() or (folder / FAILED).exists()


def _key(job: Job) -> tuple[Path, str]:
    """Return what tells jobs apart: their run, and what it is scored on."""
    return run_of(job).folder, job.held


def _settings(job: Job) -> Config:
    return job.variant.settings(job.seed, job.shared)


def _end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ends: nobody would use what it finds."""
    parent = parent_process()
    assert parent is not None, "a worker is started by another process"

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _do(job: Job) -> dict[str, Any]:
    """Train one run, or find it done, and score it."""
    config = choose_engine(_settings(job))
    dataset = kept_dataset(config)
    row: dict[str, Any] = {"seed": job.seed, "held": job.held} | network_columns(config)
    failed = run_of(job).folder / FAILED
    if failed.exists():
        reason, made_of = failed.read_text(encoding="utf-8").splitlines()
        if made_of == commit():
            return row | NOTHING | {"failed": reason}
        failed.unlink()
    try:
        if job.held in (TEST, VALIDATION):
            parts = split_training(config, dataset.train, dataset.validation)
            scored_on = dataset.test if job.held == TEST else parts.validation
            if scored_on is None:
                raise InputError('data.validation is "none"; there is nothing to choose by')
            run = train(config, parts.training, parts.validation, 1, run=Run.of(config))
            result = evaluate(load_trained(run, 1), scored_on, job.held)
            run.write_text(evaluation_name(job.held), result.json())
        else:
            (fold,) = (fold for fold in leave_one_speaker_out(dataset.train) if fold.speaker == job.held)
            of_fold = train_fold(config, dataset.train, fold, 1)
            run, result = of_fold.run, of_fold.evaluation
    except DivergedError as error:
        run_of(job).write_text(FAILED, f"{error}\n{commit()}\n")
        return row | NOTHING | {"failed": str(error)}
    metrics = pd.read_csv(run.folder / "metrics.csv")
    validation = metrics[metrics["split"] == "validation"].set_index("epoch")
    last = metrics[metrics["split"] == "train"].iloc[-1]
    return row | {
        "examples": result.examples,
        "accuracy": result.accuracy,
        "validation": validation["accuracy"].get(result.epoch, np.nan),
        "last_validation": validation["accuracy"].iloc[-1] if len(validation) else np.nan,
        "training_loss": last["loss"],
        "rate": result.rate,
        "silent": result.silent,
        "epoch": result.epoch,
        "right": result.right,
        "failed": "",
        "run": str(run.folder),
    }
