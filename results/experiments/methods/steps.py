"""Converted networks at several numbers of time steps: accuracy and operations, beside the network of numbers."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pandas as pd

from models.engines import registry
from models.engines.entry import Resources
from models.methods.ann.options import AnnOptions
from models.methods.conversion.options import ConversionOptions
from pipeline.evaluation.evaluate import score
from pipeline.evaluation.trained import Trained, load_trained
from pipeline.training.examples import kept_dataset
from pipeline.training.run import Run
from sweeps.jobs import TEST

STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)

COLUMNS = ["method", "seed", "held", "steps", "accuracy", "operations", "unconverted", "macs"]


def by_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what converted networks do at every one of `STEPS`, on the test part.

    Runs of other methods are left out, and those that hold a speaker out of the training part.

    Parameters
    ----------
    rows : DataFrame
        Of `Runner.train`.

    Returns
    -------
    DataFrame
        method, seed, held, steps, ``accuracy`` and ``operations`` an example; ``unconverted`` and ``macs``, accuracy
        and operations of the network of numbers.
    """
    table = []
    for row in rows[(rows["failed"] == "") & (rows["held"] == TEST)].itertuples():
        run = Run(Path(str(row.run)))
        if run.config().training.method == ConversionOptions.kind:
            named = {"method": row.variant, "seed": row.seed, "held": row.held}
            table += [named | found for found in _of(load_trained(run, threads=1))]
    return pd.DataFrame(table, columns=COLUMNS)


def _of(trained: Trained) -> list[dict[str, Any]]:
    accuracy, operations = _scored(_unconverted(trained))
    unconverted = {"unconverted": accuracy, "macs": operations}
    found = []
    for steps in STEPS:
        accuracy, operations = _scored(trained.with_options(steps=steps))
        found.append({"steps": steps, "accuracy": accuracy, "operations": operations} | unconverted)
    return found


def _unconverted(trained: Trained) -> Trained:
    """Return the network of numbers that was converted."""
    problem, weights = trained.engine.problem, trained.engine.weights
    kept = {field.name: getattr(problem.options, field.name) for field in fields(AnnOptions) if field.name != "kind"}
    numbers = replace(problem, method=AnnOptions.kind, options=AnnOptions(**kept))
    entry = registry.choose(numbers).entry
    own = {name: weights[name] for name in entry.shapes(numbers)}
    return replace(trained, engine=entry.make(numbers, own, Resources(threads=1)))


def _scored(trained: Trained) -> tuple[float, float]:
    """Return accuracy and operations an example on the test part."""
    data = kept_dataset(trained.config).test
    done = trained.operations(data)
    return score(trained.engine, trained.config, data, TEST, trained.epoch).accuracy, done.accumulates + done.macs
