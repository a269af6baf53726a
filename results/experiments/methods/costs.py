"""What each method costs: parameters, spikes and operations of trained networks; time and memory of training them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import asdict
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.config import load_config
from pipeline.evaluation.trained import load_trained
from pipeline.training.batches import training_batches
from pipeline.training.examples import kept_dataset, split_training
from pipeline.training.placement import make_engine
from pipeline.training.run import Run
from results.benchmarks.child import Answer, Memory, child, timed
from results.benchmarks.turns import Measured, ratios, take_turns
from results.experiments.methods.plan import REFERENCE

EXAMPLES = 128
"""That a process learns from in a turn, in batches as the config says."""

ROUNDS = 3


def costs(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what each method of a comparison costs, measured on its first run.

    Operations and spikes are means over the data set's test part; CPU time, which other load on the machine changes
    little, and memory are those of training on one thread, each method in turns with the reference.

    Parameters
    ----------
    rows : DataFrame
        Of `Runner.train`.

    Returns
    -------
    DataFrame
        method, ``parameters``, and an example's hidden ``spikes``, synaptic ``operations`` (accumulates and
        multiply-accumulates that are no product with 0) and of these ``macs``; ``seconds`` of an epoch of training and
        peak ``megabytes``, ``times_the_time`` and ``times_the_memory`` of the reference.
    """
    runs = {str(row.variant): Path(row.run) for row in rows[rows["failed"] == ""][::-1].itertuples()}
    names = [name for name in dict.fromkeys(rows["variant"]) if name in runs]
    return pd.DataFrame([_of(name, runs[name], runs.get(REFERENCE)) for name in names])


def _of(name: str, folder: Path, reference: Path | None) -> dict[str, Any]:
    trained = load_trained(Run(folder), threads=1)
    data = kept_dataset(trained.config)
    done = trained.operations(data.test)
    row: dict[str, Any] = {"method": name, "parameters": done.parameters, "spikes": done.hidden_spikes}
    row |= {"operations": done.accumulates + done.macs, "macs": done.macs}
    own, other = _measured(folder, reference or folder)
    learned = len(split_training(trained.config, data.train, data.validation).training)
    row |= {"seconds": own.cpu_ms_an_example * learned / 1000, "megabytes": own.megabytes}
    return row | ratios(asdict(own), other)


def _measured(folder: Path, reference: Path) -> tuple[Measured, Measured]:
    """Return time and memory of training by a run's config, and those of the reference in the same turns."""
    with contextlib.ExitStack() as stack:
        asked = {
            path: stack.enter_context(child(__name__, 1, config=str((path / "config.toml").resolve())))
            for path in dict.fromkeys((folder, reference))
        }
        found = take_turns(asked, ROUNDS, EXAMPLES)
    return found[folder], found[reference]


def session(config: str) -> Callable[[], Answer]:
    """Prepare training by a run's config file; return a function that learns from `EXAMPLES` examples.

    It returns seconds; cpu_seconds; megabytes, the greatest rise of memory above that before the first epoch; and
    hidden_spikes per neuron and example. A first epoch, which is not timed, has warmed it up.
    """
    settings = load_config(config)
    data = kept_dataset(settings).train
    some = data.select(np.arange(0, len(data), max(1, len(data) // EXAMPLES))[:EXAMPLES])
    engine = make_engine(settings, data.channels, len(data.classes), threads=1)
    epochs = [list(training_batches(some, settings, epoch)) for epoch in range(2)]
    turns = chain.from_iterable(repeat(epochs))
    engine.train_epoch(islice(epochs[0], 1), settings.training.learning_rate)
    memory = Memory()
    engine.train_epoch(epochs[0], settings.training.learning_rate)

    def measure() -> Answer:
        batches = next(turns)
        found, taken = timed(lambda: engine.train_epoch(batches, settings.training.learning_rate))
        spikes = found.hidden_counts.mean() / found.examples
        return taken | {"megabytes": memory.added(), "hidden_spikes": float(spikes)}

    return measure
