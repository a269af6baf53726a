"""What each method costs: parameters, spikes and operations of trained networks; time and memory of training them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
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
from results.benchmarks.child import Answer, Memory, child
from results.benchmarks.turns import Measured, take_turns
from results.experiments.methods.plan import REFERENCE

EXAMPLES = 128
"""That a process learns from in a turn, in batches as the config says."""

ROUNDS = 3
LEAST = 0.1
"""Megabytes that the reference counts as having needed where it needed less."""


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
    if folder == reference:
        own = other
    learned = len(split_training(trained.config, data.train, data.validation).training)
    row |= {"seconds": own.cpu_ms_an_example * learned / 1000, "megabytes": own.megabytes}
    return row | {
        "times_the_time": own.cpu_ms_an_example / other.cpu_ms_an_example,
        "times_the_memory": own.megabytes / max(other.megabytes, LEAST),
    }


def _measured(folder: Path, reference: Path) -> tuple[Measured, Measured]:
    """Return time and memory of training by a run's config, and those of the reference in the same turns."""
    with contextlib.ExitStack() as stack:
        asked = {
            who: stack.enter_context(child(__name__, 1, config=str((path / "config.toml").resolve())))
            for who, path in {"own": folder, "reference": reference}.items()
        }
        found = take_turns(asked, ROUNDS, EXAMPLES)
    return found["own"], found["reference"]


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
        start, cpu = time.perf_counter(), time.process_time()
        found = engine.train_epoch(batches, settings.training.learning_rate)
        taken = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
        spikes = found.hidden_counts.mean() / found.examples
        return taken | {"megabytes": memory.added(), "hidden_spikes": float(spikes)}

    return measure
