"""The hair cell: rest, adaptation, saturation and the balance of its transmitter."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from pipeline.cochlea import HairCell
from pipeline.cochlea.hair_cell import release_probability
from pipeline.cochlea.lanes import LANES

DT = 1 / 24_000


def _probabilities(cell: HairCell, velocity: np.ndarray, pools: np.ndarray | None = None) -> np.ndarray:
    """Return the release probabilities, shape (steps,), of a cell that starts at rest."""
    lanes = np.repeat(velocity.astype(np.float32)[:, None], LANES, axis=1)
    release_probability(lanes, cell.per_step(DT), cell.rest(LANES) if pools is None else pools)
    assert np.all(lanes == lanes[:, :1])
    return lanes[:, 0]


def test_without_sound_the_cell_stays_at_rest() -> None:
    probabilities = _probabilities(HairCell(), np.zeros(48_000))
    np.testing.assert_allclose(probabilities, probabilities[0], rtol=1e-4)


def test_rest_is_meddis_closed_form() -> None:
    leak = 2000.0 * 5.0 / 305.0
    cleft = 5.05 * leak / (2500.0 * leak + 5.05 * (2500.0 + 6580.0))
    assert _probabilities(HairCell(), np.zeros(1))[0] == pytest.approx(50_000 * cleft * DT, rel=1e-5)


def test_response_adapts_to_a_steady_velocity() -> None:
    response = _probabilities(HairCell(), np.full(24_000, 50.0))
    onset, steady = response[:480].max(), response[-1]
    assert onset > 3 * steady
    assert steady > _probabilities(HairCell(), np.zeros(1))[0]


def test_velocity_away_from_the_cell_stops_release_and_recovery_is_slow() -> None:
    quiet = _probabilities(HairCell(), np.full(2400, -50.0))
    assert quiet[-1] < 1e-6
    after = _probabilities(HairCell(), np.concatenate([np.full(2400, 300.0), np.zeros(24_000)]))
    assert after[2600] < 0.5 * after[-1]


def test_release_saturates_with_loudness() -> None:
    peaks = [_probabilities(HairCell(), np.full(240, v)).max() for v in (10.0, 100.0, 1000.0, 10_000.0)]
    gains = np.diff(peaks) / np.diff([10.0, 100.0, 1000.0, 10_000.0])
    assert np.all(np.diff(peaks) > 0)
    assert np.all(np.diff(gains) < 0)


def test_transmitter_is_conserved_without_factory_and_loss() -> None:
    cell = HairCell(replenish=0.0, loss=0.0)
    pools = np.tile(np.array([[0.5], [0.2], [0.3]], dtype=np.float32), (1, LANES))
    _probabilities(cell, 100 * np.sin(np.arange(5000) / 20), pools)
    np.testing.assert_allclose(pools.sum(axis=0), 1.0, rtol=1e-4)
    assert np.all(pools >= 0)


def test_probability_is_never_above_one() -> None:
    probabilities = _probabilities(HairCell(release=1e9), np.full(500, 1000.0))
    assert probabilities.max() == 1.0


def test_probabilities_are_lauschers() -> None:
    theirs = importlib.import_module("lauscher.transformations").HairCell()
    rng = np.random.default_rng(4)
    velocity = 30 * np.sin(2 * np.pi * 300 * DT * np.arange(2400)) * (1 + rng.normal(size=2400))
    np.testing.assert_allclose(_probabilities(HairCell(), velocity), theirs._meddis(velocity, 24_000), rtol=2e-4)
