"""What a comparison's runs did on the way: learning curves, and what they took for what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation.intervals import student
from results.comparison.runs import evaluation_name


def curves(rows: pd.DataFrame) -> pd.DataFrame:
    """Return learning curves, the mean over seeds (folds averaged within a seed).

    Parameters
    ----------
    rows : DataFrame
        Of `runs.run_all`; runs that failed have no curve.

    Returns
    -------
    DataFrame
        variant, epoch, split, seeds, and of loss and accuracy the mean and its 95 % interval: ``loss``, ``loss_low``,
        ``loss_high`` and so on.
    """
    parts = []
    for row in _trained(rows):
        metrics = pd.read_csv(Path(row.run) / "metrics.csv")[["epoch", "split", "loss", "accuracy"]]
        parts.append(metrics.assign(variant=row.variant, seed=row.seed))
    table = []
    by_seed = pd.concat(parts).groupby(["variant", "epoch", "split", "seed"], sort=False).mean().reset_index()
    for (variant, epoch, split), part in by_seed.groupby(["variant", "epoch", "split"], sort=False):
        found: dict[str, object] = {"variant": variant, "epoch": epoch, "split": split, "seeds": len(part)}
        for column in ("loss", "accuracy"):
            mean, low, high = student(part[column].to_numpy())
            found |= {column: mean, f"{column}_low": low, f"{column}_high": high}
        table.append(found)
    return pd.DataFrame(table)


def confusion(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what was taken for what on the examples that were held out, added up over seeds and folds.

    Parameters
    ----------
    rows : DataFrame
        Of `runs.run_all`.

    Returns
    -------
    DataFrame
        variant, spoken, answer, examples: every pair of words, in the classes' order.
    """
    total: dict[str, np.ndarray] = {}
    classes: list[str] = []
    for row in _trained(rows):
        found = json.loads((Path(row.run) / evaluation_name(row.held)).read_text(encoding="utf-8"))
        classes = found["classes"]
        total[row.variant] = total.get(row.variant, 0) + np.array(found["confusion"])
    cells = [
        (variant, spoken, answer, int(counts[i, j]))
        for variant, counts in total.items()
        for i, spoken in enumerate(classes)
        for j, answer in enumerate(classes)
    ]
    return pd.DataFrame(cells, columns=["variant", "spoken", "answer", "examples"])


def _trained(rows: pd.DataFrame) -> list[Any]:
    """Return the rows of runs that were trained to their end, as named tuples."""
    return list(rows[rows["failed"] == ""].itertuples())
