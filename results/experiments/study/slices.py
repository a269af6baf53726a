"""When a recording carries information about its word: the accuracy of a linear readout of short slices of time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.data.container import SpikeData

SLICE = 50.0
"""Length of a slice in ms."""

BANDS = 35
"""Number of bands of channels, within which spikes are counted together."""


def counts(data: SpikeData, trial: float, length: float = SLICE, bands: int = BANDS) -> NDArray[np.uint16]:
    """Return the number of spikes by slice of time and band of channels, shape (examples, slices, bands).

    The trial and a slice last so many ms; spikes after the trial's end are dropped.
    """
    slices = int(np.ceil(trial / length))
    found = np.empty((len(data), slices, bands), np.uint16)
    for example, (begin, end) in enumerate(zip(data.offsets[:-1], data.offsets[1:], strict=True)):
        part = (data.times[begin:end] // length).astype(np.int64)
        band = data.units[begin:end].astype(np.int64) * bands // data.channels
        inside = data.times[begin:end] < trial
        cells = np.bincount((part * bands + band)[inside], minlength=slices * bands)
        found[example] = cells.reshape(slices, bands)
    return found


def by_slice(training: SpikeData, test: SpikeData, trial: float, length: float = SLICE) -> pd.DataFrame:
    """Return the accuracy of a linear readout of each slice alone, and of all slices up to it.

    The readout is a multinomial logistic regression on the square roots of `counts` (which stabilise the variance of
    counts), standardised by the training part.

    The columns, one row a slice, are its ``begin`` in ms, the accuracies ``alone`` and ``until`` its end, and that of
    ``chance``.
    """
    rows = []
    fitted, scored = counts(training, trial, length), counts(test, trial, length)
    for i in range(fitted.shape[1]):
        alone = _score(fitted[:, i], scored[:, i], training.labels, test.labels)
        until = [part[:, : i + 1].reshape(len(part), -1) for part in (fitted, scored)]
        rows.append((i * length, alone, _score(until[0], until[1], training.labels, test.labels)))
    return pd.DataFrame(rows, columns=["begin", "alone", "until"]).assign(chance=1 / len(training.classes))


def _score(
    fitted: NDArray[np.uint16], scored: NDArray[np.uint16], labels: NDArray[np.int64], wanted: NDArray[np.int64]
) -> float:
    """Return the accuracy on counts, with their labels ``wanted``, of a readout that is fitted to others."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    model.fit(np.sqrt(fitted, dtype=np.float64), labels)
    return float(model.score(np.sqrt(scored, dtype=np.float64), wanted))
