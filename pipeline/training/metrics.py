"""What a run's files say of its epochs: metrics.csv, timing.csv and result.json."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.training.run import Run

COLUMNS = ("epoch", "split", "loss", "accuracy", "rate", "silent", "beyond")
"""Of metrics.csv: loss (in nats where it is a cross-entropy), accuracy, rate in spikes an example and hidden neuron,
fraction of silent neurons, fraction of the input's events beyond the trial's end. Epochs that an earlier version
trained lack the last one."""

Row = dict[str, Any]


def metrics_row(
    epoch: int, split: str, loss: float, right: float, counts: NDArray[np.int64], examples: int, beyond: float
) -> Row:
    """Return a row: ``epoch`` is counted from 0, ``counts`` are the hidden neurons' spikes over so many examples."""
    rate, silent = float(counts.mean() / examples), float((counts == 0).mean())
    return dict(zip(COLUMNS, (epoch + 1, split, loss, right, rate, silent, beyond), strict=True))


def write_metrics(run: Run, rows: Sequence[Row]) -> None:
    """Write metrics.csv."""
    buffer = io.StringIO()
    columns = [column for column in COLUMNS if any(column in row for row in rows)]
    table = csv.DictWriter(buffer, columns, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    run.write_text("metrics.csv", buffer.getvalue())


def write_timing(run: Run, epoch: int, seconds: float) -> None:
    """Add an epoch to timing.csv, which is kept apart: all other files are the same to the byte for every run."""
    path = run.folder / "timing.csv"
    before = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ["epoch,seconds"]
    run.write_text("timing.csv", "\n".join([*before[: epoch + 1], f"{epoch + 1},{seconds:.3f}", ""]))


def write_result(run: Run, rows: Sequence[Row], epochs: int, best_epoch: int, examples: int) -> None:
    """Write result.json: how long was trained, on how many examples, and the best epoch, given counted from 0."""
    best = [row for row in rows if row["epoch"] == best_epoch + 1]
    result = {
        "epochs": epochs,
        "best_epoch": best_epoch + 1,
        "examples_train": examples,
        "best": {row["split"]: {c: row[c] for c in COLUMNS[2:] if c in row} for row in best},
    }
    run.write_text("result.json", json.dumps(result, indent=2) + "\n")
