"""The bushy cell against closed forms of its membrane equation."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from pipeline.cochlea import BushyCell
from pipeline.cochlea.bushy_cell import fire
from pipeline.cochlea.lanes import LANES

DT = 1 / 24_000


def _spikes(cell: BushyCell, vesicles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the spike steps of the first lane and the final state for vesicle counts of shape (steps,)."""
    lanes = np.repeat(vesicles.astype(np.float32)[:, None], LANES, axis=1)
    state = np.zeros((3, LANES), dtype=np.float32)
    steps, units = np.empty((2, 100_000), dtype=np.int32)
    found = fire(lanes, 0, cell.per_step(DT), state, 0, LANES, steps, units, 0)
    return steps[:found][units[:found] == 0], state


def test_one_vesicle_decays_with_both_time_constants() -> None:
    cell = BushyCell(threshold=np.inf)
    n = 60
    _, state = _spikes(cell, np.eye(1, n)[0])
    mem, syn = np.exp(-DT / cell.tau_mem), np.exp(-DT / cell.tau_syn)
    gain = cell.weight / cell.sites * DT
    expected = gain * np.sum(mem ** np.arange(n)[::-1] * syn ** np.arange(n))
    assert state[0, 0] == pytest.approx(expected, rel=1e-4)
    assert state[1, 0] == pytest.approx(syn ** (n - 1), rel=1e-4)


def test_steady_input_drives_the_voltage_to_its_fixed_point() -> None:
    cell = BushyCell(threshold=np.inf)
    _, state = _spikes(cell, np.full(2000, 0.1))
    mem, syn = np.exp(-DT / cell.tau_mem), np.exp(-DT / cell.tau_syn)
    expected = cell.weight / cell.sites * DT * 0.1 / (1 - syn) / (1 - mem)
    assert state[0, 0] == pytest.approx(expected, rel=1e-4)


def test_a_few_vesicles_together_make_a_spike_and_one_alone_does_not() -> None:
    alone, _ = _spikes(BushyCell(), np.eye(1, 500)[0])
    together, _ = _spikes(BushyCell(), 20 * np.eye(1, 500)[0])
    assert len(alone) == 0
    assert len(together) == 1


def test_strong_input_spikes_as_often_as_refractoriness_allows() -> None:
    steps, _ = _spikes(BushyCell(), np.full(2400, 40.0))
    # 24 steps of a millisecond are held at 0, the next can spike.
    assert np.all(np.diff(steps) == 25)


def test_threshold_and_weight_cancel() -> None:
    rng = np.random.default_rng(1)
    vesicles = rng.poisson(0.3, size=20_000)
    one, _ = _spikes(BushyCell(), vesicles)
    scaled, _ = _spikes(BushyCell(threshold=2.0, weight=26e3), vesicles)
    assert len(one) > 20
    np.testing.assert_array_equal(one, scaled)


@pytest.mark.parametrize("rate", [0.2, 1.0, 5.0])
def test_spikes_are_lauschers_for_the_same_vesicles(rate: float) -> None:
    theirs = importlib.import_module("lauscher.transformations").BushyCell()
    vesicles = np.random.default_rng(2).poisson(rate / 40, size=(6000, 40))
    # Their array has one row too few to note a spike in the last step.
    expected = np.flatnonzero(theirs._lif(vesicles.astype(float), 24_000))
    steps, _ = _spikes(BushyCell(), vesicles.sum(axis=1))
    assert len(expected) > 5
    np.testing.assert_array_equal(steps[steps < 5999], expected)


def test_only_the_channels_of_the_block_are_noted() -> None:
    lanes = np.full((500, LANES), 40.0, dtype=np.float32)
    state = np.zeros((3, LANES), dtype=np.float32)
    steps, units = np.empty((2, 10_000), dtype=np.int32)
    found = fire(lanes, 0, BushyCell().per_step(DT), state, 7, 5, steps, units, 0)
    assert set(units[:found]) == set(range(5))
    assert steps[0] >= 7
