"""Numbers as a latency code."""

from __future__ import annotations

import numpy as np
import pytest

from models.batch import SpikeBatch, discretise
from models.errors import InputError
from models.methods.latency import SLOPE, decode, encode


def coded(values: np.ndarray, dt: float, trial: float = 700.0) -> SpikeBatch:
    """Examples on the time grid, in order of time as data sets have them."""
    times = encode(values)
    order = np.argsort(times, axis=1, kind="stable")
    offsets = np.arange(len(values) + 1, dtype=np.int64) * values.shape[1]
    return discretise(
        np.take_along_axis(times, order, axis=1).ravel(),
        order.astype(np.uint16).ravel(),
        offsets,
        np.zeros(len(values), np.int64),
        dt,
        round(trial / dt),
        values.shape[1],
    )


@pytest.mark.parametrize("dt", [0.05, 0.1, 1.0, 2.0])
def test_decoding_inverts_encoding_to_half_a_step(dt: float) -> None:
    values = np.random.default_rng(1).uniform(-1131, 410, (20, 30))
    found = decode(coded(values, dt), dt)
    assert found.shape == values.shape
    assert np.abs(found - values).max() <= dt / SLOPE / 2 + 1e-3


def test_values_at_their_bounds_lie_within_a_trial_of_700_ms() -> None:
    """-100 dB in all 128 bands; and bands of which the lower half is 80 dB louder than the others."""
    extremes = np.array(
        [-100 * np.sqrt(128), 80 * np.sqrt(2 / 128) * np.cos(np.pi * (np.arange(64) + 0.5) / 128).sum()]
    )
    times = encode(extremes)
    assert times.min() > 0
    assert times.max() < 690


def test_events_that_are_no_such_code_are_refused() -> None:
    values = np.zeros((2, 3))
    batch = coded(values, 1.0)
    with pytest.raises(InputError, match="an example has 3 events within the trial; a latency code has 30"):
        decode(batch, 1.0)
    doubled = SpikeBatch(batch.steps, np.array([0, 0, 1, 0, 1, 2], np.int32), batch.offsets, batch.labels)
    with pytest.raises(InputError, match="other channels than 0 to 2"):
        decode(doubled, 1.0, 3)
