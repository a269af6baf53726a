"""How great gradients become where a spike only just reaches the threshold."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from models.engines.cpu.engine import CpuEngine
from models.network import Weights
from pipeline.config import Config
from pipeline.data.container import SpikeData
from pipeline.training.batches import training_batches
from pipeline.training.placement import choose_engine, make_engine
from pipeline.training.schedule import batch_rates


def gradient_spikes(config: Config, training: SpikeData, epochs: int = 2, threads: int = 0) -> pd.DataFrame:
    """Train, and look at the gradient of every batch before it is learned from.

    Parameters
    ----------
    config : Config
    training : SpikeData
    epochs : int
    threads : int
        Of the engine; 0 takes all.

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
            rows.append(
                {
                    "batch": epoch * total + index,
                    "loss": float(found.losses.mean()),
                    "norm": _norm(found.weights, names),
                    "min_slope": found.min_slope / threshold,
                }
            )
            engine.train_epoch([batch], rates(index) if callable(rates) else rates)
    return pd.DataFrame(rows)


def _norm(gradients: Weights, names: list[str]) -> float:
    return math.sqrt(sum(float(np.sum(np.square(gradients[name], dtype=np.float64))) for name in names))
