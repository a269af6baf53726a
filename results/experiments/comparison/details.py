"""Details of a comparison's runs: learning curves and confusion matrices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.evaluation.intervals import student
from sweeps.jobs import evaluation_name


def curves(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the learning curves of the rows of `Runner.train`; runs that failed have none.

    The columns are variant, seed, held, epoch, split, loss, accuracy.
    """
    parts = []
    for row in _trained(rows):
        metrics = pd.read_csv(Path(row.run) / "metrics.csv").assign(variant=row.variant, seed=row.seed, held=row.held)
        parts.append(metrics[["variant", "seed", "held", "epoch", "split", "loss", "accuracy"]])
    return pd.concat(parts, ignore_index=True)


def mean_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Return the mean of `curves` over seeds, folds averaged within a seed that has them all.

    The columns are variant, epoch, split, seeds, and of loss and accuracy the mean and its 95 % interval: ``loss``,
    ``loss_low``, ``loss_high`` and so on.
    """
    table = []
    keys = ["variant", "epoch", "split"]
    cells = curves.groupby([*keys, "seed"], sort=False).agg(
        loss=("loss", "mean"), accuracy=("accuracy", "mean"), folds=("held", "nunique")
    )
    # Folds are not equally hard: a seed that lacks one would move the mean.
    by_seed = cells[cells["folds"] == curves["held"].nunique()].reset_index()
    for (variant, epoch, split), part in by_seed.groupby(keys, sort=False):
        found: dict[str, object] = {"variant": variant, "epoch": epoch, "split": split, "seeds": len(part)}
        for column in ("loss", "accuracy"):
            mean, low, high = student(part[column].to_numpy())
            found |= {column: mean, f"{column}_low": low, f"{column}_high": high}
        table.append(found)
    return pd.DataFrame(table)


def confusion(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the confusion matrices of the rows of `Runner.train`, on the examples that were held out, in long form.

    The columns are variant, seed, held, spoken, answer, examples: the cells that are not 0, in the classes' order.
    """
    cells = []
    for row in _trained(rows):
        found = json.loads((Path(row.run) / evaluation_name(row.held)).read_text(encoding="utf-8"))
        for spoken, counts in zip(found["classes"], found["confusion"], strict=True):
            for answer, examples in zip(found["classes"], counts, strict=True):
                if examples:
                    cells.append((row.variant, row.seed, row.held, spoken, answer, examples))
    return pd.DataFrame(cells, columns=["variant", "seed", "held", "spoken", "answer", "examples"])


def _trained(rows: pd.DataFrame) -> list[Any]:
    """Return the rows of runs that were trained to their end, as named tuples."""
    return list(rows[rows["failed"] == ""].itertuples())
