"""Training: epochs, validation, checkpoints, and going on where a run stopped."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from models.engines.base import Engine
from models.errors import DivergedError, InputError
from pipeline.config import Config, TrainingConfig
from pipeline.data.container import SpikeData
from pipeline.data.trial import check_trial
from pipeline.training.batches import Counted, prediction_batches, training_batches
from pipeline.training.checkpoint import Checkpoint, State
from pipeline.training.examples import Parts
from pipeline.training.learned import FILE, Learned
from pipeline.training.metrics import Row, metrics_row, write_metrics, write_result, write_timing
from pipeline.training.placement import choose_engine, make_engine, why_this_engine
from pipeline.training.run import Run, commit, fingerprint
from pipeline.training.schedule import batch_rates, score
from pipeline.training.signs import signs

_log = logging.getLogger(__name__)

Item = TypeVar("Item")


class Progress:
    """Told how training goes; this one says nothing."""

    def start(self, run: Run, engine: str, epochs: int, done: int) -> None:
        """Training of ``run`` on an engine begins with ``done`` of ``epochs`` epochs behind it."""

    def batches(self, batches: Iterable[Item], total: int, epoch: int) -> Iterator[Item]:
        """Hand on an epoch's ``total`` batches."""
        yield from batches

    def epoch(self, rows: list[Row], best: bool, seconds: float) -> None:
        """Report that an epoch is over."""


@dataclass
class _Standing:
    """How far a run is."""

    data: str
    epochs: int = 0
    best_epoch: int = 0
    best_score: tuple[float, float] | None = None
    rows: list[Row] = field(default_factory=list)


def train(
    config: Config,
    training: SpikeData,
    validation: SpikeData | None,
    threads: int = 0,
    progress: Progress | None = None,
    run: Run | None = None,
    notes: Sequence[str] = (),
) -> Run:
    """Train, or go on training, the run of a config.

    An epoch ends with one atomic checkpoint, which holds everything; the other files are written from it. A run that
    was killed continues at its last whole epoch and ends with the same bits as one that was not.

    Parameters
    ----------
    validation : SpikeData or None
        What chooses the best epoch; without it that is the last.
    threads : int
        Threads of the engine; 0 takes all. Changes no result.
    progress : Progress, optional
        Told how it goes.
    run : Run, optional
        Where to; the config's own folder if left out.
    notes : sequence of str
        Lines for the run's log: how the data were split.

    Returns
    -------
    Run
        With result.json, best.npz and last.npz in its folder.

    Raises
    ------
    InputError
        If the folder is another config's, the data have changed since the run began, most events lie beyond the trial's
        end, the loss is no longer a number, or the schedule needs a validation part that there is not.
    """
    if validation is None and config.training.schedule == "plateau":
        raise InputError('training.schedule is "plateau", which needs a validation part; there is none')
    why = why_this_engine(config)
    config = choose_engine(config)
    progress = progress or Progress()
    for part, name in ((training, "training"), (validation, "validation")):
        if part is not None:
            check_trial(part, config.data.trial, config.data.dt, f"the {name} part")
    run = run or Run.of(config)
    run.begin(config)
    engine = make_engine(config, training.channels, len(training.classes), threads)
    data = fingerprint(training, *([] if validation is None else [validation]))
    standing = _resume(run, engine, data)
    if not standing.epochs or not (run.folder / FILE).exists():
        Learned.of(Parts(training, validation)).write(run)
    name = f"{engine.name} ({why})" if why else engine.name
    for note in notes:
        run.append_log(note)
    run.append_log(f"after epoch {standing.epochs}: engine {name}, commit {commit()}")
    total = math.ceil(len(training) / config.training.batch)
    progress.start(run, name, config.training.epochs, standing.epochs)
    while standing.epochs < config.training.epochs and not _out_of_patience(standing, config.training):
        started = time.perf_counter()
        epoch = standing.epochs
        batches = Counted(training_batches(training, config, epoch))
        rates = batch_rates(config.training, epoch, standing.rows, total)
        learned = engine.train_epoch(progress.batches(batches, total, epoch), rates)
        numbers = (learned.loss, learned.accuracy, learned.hidden_counts, learned.examples)
        rows = [metrics_row(epoch, "train", *numbers, batches.beyond)]
        scored = (float(epoch), 0.0)
        if validation is not None:
            rows.append(validate(engine, validation, config, epoch))
            scored = score(rows[-1])
        state = engine.state()
        _check_finite(run, state, rows)
        is_best = standing.best_score is None or scored > standing.best_score
        standing.epochs += 1
        standing.rows += rows
        if is_best:
            standing.best_epoch, standing.best_score = epoch, scored
        _keep(run, state, standing, is_best, training)
        seconds = time.perf_counter() - started
        write_timing(run, epoch, seconds)
        progress.epoch(rows, is_best, seconds)
        for sign in signs(config, len(training.classes), standing.rows):
            _log.warning("%s: %s.", run.folder, sign)
            run.append_log(sign)
    write_result(run, standing.rows, standing.epochs, standing.best_epoch, len(training))
    return run


def _check_finite(run: Run, state: State, rows: list[Row]) -> None:
    """Refuse to keep an epoch that went wrong, in its loss or only in its last update."""
    if all(math.isfinite(row["loss"]) for row in rows) and all(np.isfinite(array).all() for array in state.values()):
        return
    epoch = rows[0]["epoch"]
    raise DivergedError(
        f"{run.folder}: losses or weights of epoch {epoch} are no longer numbers; a smaller training.learning_rate or "
        f"loss.scale may help (the run is kept as of epoch {epoch - 1})"
    )


def validate(engine: Engine, data: SpikeData, config: Config, epoch: int) -> Row:
    """Return a row of the metrics for examples that are not learned from."""
    batches = Counted(prediction_batches(data, config))
    said = engine.predict(batches)
    right = float((said.logits.argmax(axis=1) == data.labels).mean())
    return metrics_row(
        epoch, "validation", float(said.losses.mean()), right, said.hidden_counts, len(data), batches.beyond
    )


def _out_of_patience(standing: _Standing, config: TrainingConfig) -> bool:
    return config.patience > 0 and standing.epochs - 1 - standing.best_epoch >= config.patience


def _resume(run: Run, engine: Engine, data: str) -> _Standing:
    checkpoint = run.load("last")
    if checkpoint is None:
        return _Standing(data)
    if run.load("best") is None:
        raise InputError(f"{run.folder} has last.npz but no best.npz; remove {run.folder} to begin the run anew")
    standing = _Standing(**checkpoint.progress)
    if standing.data != data:
        raise InputError(f"{run.folder} was begun on other data than these; restore the data or move the run away")
    try:
        engine.load_state(checkpoint.state)
    except InputError as error:
        raise InputError(f"{run.folder}/last.npz: {error}; remove {run.folder} to begin the run anew") from None
    write_metrics(run, standing.rows)
    return standing


def _keep(run: Run, state: State, standing: _Standing, is_best: bool, training: SpikeData) -> None:
    """Write the epoch. The best goes first: should only it be written, the epoch is repeated and writes it again."""
    checkpoint = Checkpoint(state, dict(vars(standing)))
    if is_best:
        weights = {name: array for name, array in checkpoint.state.items() if name.startswith("weights/")}
        about = {"epochs": standing.epochs, "classes": training.classes, "channels": training.channels}
        run.save("best", Checkpoint(weights, about))
    run.save("last", checkpoint)
    write_metrics(run, standing.rows)
