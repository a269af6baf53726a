"""Where a word's information lies: how well it is known from the spikes of one short slice of time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.data.container import SpikeData

SLICE = 50.0
"""ms."""

BANDS = 35
"""Channels are added up in so many bands."""


def counts(data: SpikeData, begin: float, length: float = SLICE, bands: int = BANDS) -> NDArray[np.float64]:
    """Return spikes by band within a slice of time, shape (examples, bands); their square roots, which are steadier."""
    found = np.zeros((len(data), bands))
    inside = (data.times >= begin) & (data.times < begin + length)
    example = np.repeat(np.arange(len(data)), np.diff(data.offsets))
    band = data.units.astype(np.int64) * bands // data.channels
    np.add.at(found, (example[inside], band[inside]), 1)
    return np.asarray(np.sqrt(found))


def by_slice(training: SpikeData, test: SpikeData, trial: float, length: float = SLICE) -> pd.DataFrame:
    """Return how well words are known from each slice alone, and from all slices up to it.

    Multinomial logistic regression on the counts of `counts`, standardised by the training part.

    Parameters
    ----------
    training, test : SpikeData
        What is learned from, and what is scored.
    trial, length : float
        ms.

    Returns
    -------
    DataFrame
        Columns begin (ms); alone, until: accuracies; chance: that of guessing.
    """
    rows = []
    seen: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for begin in np.arange(0, trial, length):
        seen.append((counts(training, float(begin), length), counts(test, float(begin), length)))
        until = tuple(np.concatenate(parts, axis=1) for parts in zip(*seen, strict=True))
        alone = _score(*seen[-1], training.labels, test.labels)
        rows.append((float(begin), alone, _score(until[0], until[1], training.labels, test.labels)))
    return pd.DataFrame(rows, columns=["begin", "alone", "until"]).assign(chance=1 / len(training.classes))


def _score(
    known: NDArray[np.float64], asked: NDArray[np.float64], labels: NDArray[np.int64], wanted: NDArray[np.int64]
) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    model.fit(known, labels)
    return float(model.score(asked, wanted))
