"""Why training collapses, and how often it does with the project's defaults: ``make robustness``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from models.engines.cpu.engine import CpuEngine
from pipeline.config import Config
from pipeline.data.container import SpikeData
from pipeline.training.batches import training_batches
from pipeline.training.examples import load_dataset, split_training
from pipeline.training.placement import choose_engine, make_engine
from pipeline.training.schedule import batch_rates
from results.experiments.comparison.report import carry_out
from results.experiments.comparison.variants import Variant, jobs_of
from results.figures.robustness import robustness_figure
from results.paths import TABLES
from sweeps.runner import Runner

GAUSSIAN = Variant("Gaussian window", "fsdd")
EXPONENTIAL = Variant("exponential window", "fsdd-exponential")

SHIPPED = (GAUSSIAN, EXPONENTIAL)
"""The shipped configs, of which no run may collapse."""

_BARE = ("training.least_slope=0",)
_INTERPOLATED = ("network.spike_times=interpolated",)
_UNLIFTED = ("training.regulariser.lift=0",)
_LATE = ("loss.window.mu=0.6", "loss.window.sigma=0.15")

FAILING = (
    Variant("interpolated", "fsdd-exponential", _INTERPOLATED),
    Variant("interpolated, slope as it is", "fsdd-exponential", _INTERPOLATED + _BARE),
    Variant("slope as it is", "fsdd-exponential", _BARE),
    Variant("silent neurons not lifted", "fsdd", _UNLIFTED),
    Variant("late window", "fsdd", _LATE),
    Variant("late window, not lifted", "fsdd", _LATE + _UNLIFTED),
    Variant("learning rate times 8", "fsdd-exponential", ("training.learning_rate=0.016",)),
)
"""The shipped configs without one of their defaults, or with settings that a sweep would try."""


def robustness(
    runner: Runner, seeds: int = 20, shared: Sequence[str] = (), folder: Path = TABLES
) -> pd.DataFrame | None:
    """Train `SHIPPED` with many seeds, which show how often training collapses, and `FAILING` once, which show why.

    See `comparison.report.carry_out`.
    """
    jobs = [*jobs_of(SHIPPED, seeds, shared), *jobs_of(FAILING, 1, shared)]

    def draw(rows: pd.DataFrame) -> Figure:
        ends, failing = rows.iloc[: len(SHIPPED) * seeds], rows.iloc[len(SHIPPED) * seeds :]
        shown = pd.concat([ends[ends["variant"] == EXPONENTIAL.name].iloc[:1], failing])
        shown = shown[shown["failed"] == ""].drop_duplicates("variant")
        metrics = {row.variant: pd.read_csv(Path(row.run) / "metrics.csv") for row in shown.itertuples()}
        grazing = {}
        for name, overrides in (("on the grid", ()), ("interpolated", _INTERPOLATED)):
            config = EXPONENTIAL.settings(1, [*shared, *overrides, *_BARE])
            parts = split_training(config, load_dataset(config, progress=False).train)
            grazing[name] = gradient_spikes(config, parts.training)
        return robustness_figure(grazing, metrics, ends)

    return carry_out(runner, "robustness", [*SHIPPED, *FAILING], jobs, folder, shared, draw=draw)


def gradient_spikes(config: Config, training: SpikeData, epochs: int = 2, threads: int = 0) -> pd.DataFrame:
    """Train, and look at the gradient of every batch before it is learned from.

    Returns
    -------
    DataFrame
        One row a batch: its number, loss, Euclidean norm of the gradient of all connection weights together, and the
        least slope tau_mem dV/dt at any of its hidden spikes, in thresholds.
    """
    config = choose_engine(config)
    engine = make_engine(config, training.channels, len(training.classes), threads)
    assert isinstance(engine, CpuEngine)
    total = math.ceil(len(training) / config.training.batch)
    threshold = min(layer.threshold for layer in engine.network.hidden)
    names = [connection.name for connection in engine.network.connections]
    rows = []
    for epoch in range(epochs):
        rates = batch_rates(config.training, epoch, [], total)
        for index, batch in enumerate(training_batches(training, config, epoch)):
            found = engine.gradients(batch)
            squares = (np.sum(np.square(found.weights[name], dtype=np.float64)) for name in names)
            rows.append(
                {
                    "batch": epoch * total + index,
                    "loss": float(found.losses.mean()),
                    "norm": math.sqrt(sum(map(float, squares))),
                    "min_slope": found.min_slope / threshold,
                }
            )
            engine.train_epoch([batch], rates(index) if callable(rates) else rates)
    return pd.DataFrame(rows)
