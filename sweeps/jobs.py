"""The one runner: train a config with its seed and with some speakers held out, then score it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.errors import DivergedError, InputError
from pipeline.config import Config
from pipeline.data.container import SpikeData
from pipeline.data.splits import leave_one_speaker_out
from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.evaluation.trained import load_trained
from pipeline.training.examples import Parts, data_key, kept_dataset, load_dataset, split_training
from pipeline.training.placement import choose_engine
from pipeline.training.run import Run, commit
from pipeline.training.trainer import Progress, train
from sweeps.claims import claim
from sweeps.folder_names import folder_name
from sweeps.network_columns import network_columns

TEST = "test"
"""In place of a held-out speaker: the data set's own test part."""

VALIDATION = "validation"
"""Likewise the validation part, on which settings are chosen."""

FOLDS = "folds"
"""Folder, beside the runs of a config's name, of the runs that hold out a speaker of the training part."""

HELD_OUT = "evaluation-held-out.json"
"""In the folder of such a run: its score on the speaker who was held out."""

FAILED = "failed.txt"
"""In the folder of a run whose training diverged: why, and by which commit."""

UNKNOWN: dict[str, Any] = dict.fromkeys(
    ("examples", "accuracy", "validation", "last_validation", "training_loss", "rate", "silent", "epoch"), np.nan
) | dict.fromkeys(("right", "failed", "run"))
"""The columns that a run whose training diverged has no values for."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """One run of an experiment."""

    label: str
    """What tables call it; runs that differ in seed or held-out speaker only share it."""
    config: Config
    """With the run's seed."""
    held: str = TEST
    """What the run is scored on: `TEST`, `VALIDATION`, or a speaker of the training part who is held out of it."""

    @property
    def run(self) -> Run:
        """Where the run lies: ``runs/<name>/<hash>-s<seed>``, or ``runs/<name>/folds/<speaker>/<hash>-s<seed>``.

        `folder_name` makes one folder of the speaker, whatever the name.
        """
        config = choose_engine(self.config)
        if self.held in (TEST, VALIDATION):
            return Run.of(config)
        return Run.within(Run.root(config) / FOLDS / folder_name(self.held), config)

    @property
    def evaluation_path(self) -> Path:
        """The file, in the run's folder, that holds its score."""
        return self.run.folder / evaluation_name(self.held)

    @property
    def key(self) -> tuple[Path, str]:
        """What tells jobs apart: their run and what it is scored on."""
        return self.run.folder, self.held


def evaluation_name(held: str) -> str:
    """Return the name of the file, in a run's folder, that holds its score on what was held out."""
    return f"evaluation-{held}.json" if held in (TEST, VALIDATION) else HELD_OUT


def speakers(config: Config) -> list[str]:
    """Return the speakers that leave-one-speaker-out cross-validation holds out, one after the other.

    Raises
    ------
    InputError
        If there are fewer than two, one is named as a part of data sets is, or two differ in case only.
    """
    found = [fold.speaker for fold in leave_one_speaker_out(kept_dataset(config).train)]
    for name in {TEST, VALIDATION} & set(found):
        raise InputError(
            f"a speaker of {config.data.dataset} is called {name!r}, as a part of data sets is; rename them"
        )
    by_folder: dict[str, str] = {}
    for name in found:
        other = by_folder.setdefault(folder_name(name).casefold(), name)
        if other != name:
            raise InputError(
                f"the speakers {other!r} and {name!r} of {config.data.dataset} differ in upper and lower case only, "
                "and where file systems ignore case their runs would share a folder; rename one of them"
            )
    return found


def prepare(jobs: Iterable[Job]) -> None:
    """Prepare the data of all jobs once, before workers would all do it at the same time."""
    for config in {data_key(job.config): job.config for job in jobs}.values():
        load_dataset(config)


def train_and_score(job: Job, threads: int = 1, progress: Progress | None = None) -> Row:
    """Train a job's run and score it.

    A run that was interrupted continues; one that is done is not trained again, only scored. While the run is not
    done, it is claimed by this worker.

    0 threads means all. ``progress`` is told how training goes; what it raises ends the training.

    Returns
    -------
    dict
        A table's row: variant (the job's label), seed, held, `NETWORK_COLUMNS`, examples, accuracy on what was held
        out, validation accuracy of the epoch that validation chose and of the last one, training loss of the last,
        firing rate, silent fraction, the chosen epoch, which examples were right (`Evaluation.right`), and the run's
        folder. A run whose training diverged has the reason in ``failed`` and no numbers.

    Raises
    ------
    Claimed
        If another living worker trains the run.
    InputError
        If the run can't be trained or scored.
    """
    run = job.run
    with nullcontext() if is_done(job) else claim(run):
        if reason := _failure(run):
            return _row(job, None, reason)
        if (run.folder / FAILED).exists():
            (run.folder / FAILED).unlink()
        parts, held = _split(job)
        try:
            train(job.config, parts.training, parts.validation, threads, progress, run)
        except DivergedError as error:
            run.write_text(FAILED, f"{error}\n{commit()}\n")
            return _row(job, None, str(error))
        evaluation = evaluate(load_trained(run, threads), held, job.held)
        run.write_text(job.evaluation_path.name, evaluation.json())
    return _row(job, evaluation)


def is_done(job: Job) -> bool:
    """Return whether a job's run was trained and scored, or diverged by the present code, here or elsewhere."""
    run = job.run
    if _failure(run) is not None:
        return True
    try:
        result = json.loads((run.folder / "result.json").read_bytes())
        return bool(result["best_epoch"] == read_row(job)["epoch"])
    except (FileNotFoundError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return False  # A damaged file, too, is written anew by the runner: from the checkpoint, or by scoring again.


def read_row(job: Job) -> Row:
    """Return the row of a job that is done, from its files; see `train_and_score`."""
    if reason := _failure(job.run):
        return _row(job, None, reason)
    return _row(job, Evaluation.read(job.evaluation_path))


def _split(job: Job) -> tuple[Parts, SpikeData]:
    """Return what the run learns from and is validated on, and what it is scored on."""
    config, dataset = job.config, kept_dataset(job.config)
    if job.held in (TEST, VALIDATION):
        parts = split_training(config, dataset.train, dataset.validation)
        held = dataset.test if job.held == TEST else parts.validation
        if held is None:
            raise InputError('data.validation is "none"; there is nothing to choose by')
        return parts, held
    (fold,) = (fold for fold in leave_one_speaker_out(dataset.train) if fold.speaker == job.held)
    parts = split_training(config, dataset.train.select(fold.rest), left_out=fold.speaker)
    return parts, dataset.train.select(fold.held)


def _failure(run: Run) -> str | None:
    """Return why a run's training diverged, if the present code has tried it."""
    path = run.folder / FAILED
    if not path.exists():
        return None
    try:
        reason, made_of = path.read_text(encoding="utf-8").splitlines()
    except ValueError:
        return None  # Damaged: training is tried again.
    return reason if made_of == commit() else None


def _row(job: Job, evaluation: Evaluation | None, failed: str = "") -> Row:
    row = {"variant": job.label, "seed": job.config.seed, "held": job.held} | network_columns(job.config)
    if evaluation is None:
        return row | UNKNOWN | {"failed": failed}
    folder = job.run.folder
    metrics = pd.read_csv(folder / "metrics.csv")
    validation = metrics[metrics["split"] == "validation"].set_index("epoch")
    return row | {
        "examples": evaluation.examples,
        "accuracy": evaluation.accuracy,
        "validation": validation["accuracy"].get(evaluation.epoch, np.nan),
        "last_validation": validation["accuracy"].iloc[-1] if len(validation) else np.nan,
        "training_loss": metrics[metrics["split"] == "train"].iloc[-1]["loss"],
        "rate": evaluation.rate,
        "silent": evaluation.silent,
        "epoch": evaluation.epoch,
        "right": evaluation.right,
        "failed": "",
        "run": str(folder),
    }
