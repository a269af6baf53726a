"""Leave-one-speaker-out cross-validation."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.config import Config
from pipeline.data.container import SpikeData
from pipeline.data.splits import Fold, leave_one_speaker_out
from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.evaluation.intervals import student
from pipeline.evaluation.trained import load_trained
from pipeline.training.examples import split_training
from pipeline.training.placement import choose_engine
from pipeline.training.run import Run
from pipeline.training.trainer import Progress, train

FOLDS = "folds"
"""Folder beside a config's run that holds one run a fold."""

HELD_OUT = "evaluation-held-out.json"
"""In a fold's run: how it does on the speaker who was held out."""


@dataclass(frozen=True)
class FoldResult:
    """One fold: who was held out, the run, and how it did on them."""

    speaker: str
    run: Run
    evaluation: Evaluation


def folds(
    config: Config, training: SpikeData, threads: int = 0, progress: Progress | None = None
) -> Iterator[FoldResult]:
    """Train and evaluate one network a speaker.

    The held-out speaker chooses nothing: the best epoch comes from the validation split that the config makes of the
    other speakers. Folds that are done are reused, one that was interrupted continues.

    Parameters
    ----------
    config : Config
    training : SpikeData
        The training part of a data set; the test part has no place here.
    threads : int
        Of the engine; 0 takes all.
    progress : Progress, optional

    Yields
    ------
    FoldResult

    Raises
    ------
    InputError
        If there are fewer than two speakers.
    """
    config = choose_engine(config)
    for fold in leave_one_speaker_out(training):
        yield train_fold(config, training, fold, threads, progress)


def train_fold(
    config: Config, training: SpikeData, fold: Fold, threads: int = 0, progress: Progress | None = None
) -> FoldResult:
    """Train and evaluate the network of one fold of a config whose engine is chosen; see `folds`."""
    parts = split_training(config, training.select(fold.rest), left_out=fold.speaker)
    run = fold_folder(config, fold.speaker)
    train(config, parts.training, parts.validation, threads, progress, run)
    result = evaluate(load_trained(run, threads), training.select(fold.held), fold.speaker)
    run.write_text(HELD_OUT, result.json())
    return FoldResult(fold.speaker, run, result)


def fold_folder(config: Config, speaker: str) -> Run:
    """Return the run of a fold: ``runs/<name>/folds/<speaker>/<hash>-s<seed>``."""
    return Run.within(Run.root(config) / FOLDS / speaker, config)


def write_summary(config: Config, results: list[FoldResult]) -> Run:
    """Write crossval.csv and crossval.json to the config's own run folder; return it."""
    run = Run.of(choose_engine(config))
    buffer = io.StringIO()
    rows = [(r.speaker, r.evaluation.examples, r.evaluation.epoch, r.evaluation.accuracy) for r in results]
    csv.writer(buffer, lineterminator="\n").writerows([("speaker", "examples", "epoch", "accuracy"), *rows])
    run.write_text("crossval.csv", buffer.getvalue())
    mean, low, high = mean_interval([r.evaluation.accuracy for r in results])
    summary = {"folds": len(results), "accuracy": mean, "low": low, "high": high}
    run.write_text("crossval.json", json.dumps(summary, indent=2) + "\n")
    return run


def mean_interval(accuracies: list[float]) -> tuple[float, float, float]:
    """Return the mean over folds and its 95 % interval by Student's t, cut to 0..1."""
    mean, low, high = student(np.asarray(accuracies))
    if len(accuracies) < 2:
        return mean, 0.0, 1.0
    return mean, max(low, 0.0), min(high, 1.0)
