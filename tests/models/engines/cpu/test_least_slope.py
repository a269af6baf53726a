"""The least slope: it tames the jump of spikes that graze the threshold, and touches nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw

from models.losses import CrossEntropy
from models.windows import Exponential

LOSS = CrossEntropy(Exponential(), 5.0)


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw(Plan(((10, True),)), seed=3, trials=6)


def test_the_gradient_names_the_least_slope_of_all_spikes(drawn: Drawn) -> None:
    found = drawn.engine(LOSS, 1 / 16, spike_times="interpolated").gradients(drawn.batch(1 / 16))
    exact = drawn.exact(LOSS).gradients(drawn.trials)
    assert found.min_slope == pytest.approx(exact.min_slope, rel=0.05)


@pytest.mark.parametrize("mode", ["plain", "interpolated"])
def test_a_bound_below_all_slopes_changes_no_bit(drawn: Drawn, mode: str) -> None:
    batch = drawn.batch()
    free = drawn.engine(LOSS, spike_times=mode).gradients(batch)
    bound = drawn.engine(LOSS, spike_times=mode, least_slope=0.999 * free.min_slope).gradients(batch)
    for name, gradient in free.weights.items():
        np.testing.assert_array_equal(bound.weights[name], gradient)


@pytest.mark.parametrize("mode", ["plain", "interpolated"])
def test_a_bound_above_some_slopes_changes_hidden_gradients_alone(drawn: Drawn, mode: str) -> None:
    batch = drawn.batch()
    free = drawn.engine(LOSS, spike_times=mode).gradients(batch)
    bound = drawn.engine(LOSS, spike_times=mode, least_slope=4 * free.min_slope).gradients(batch)
    np.testing.assert_array_equal(bound.logits, free.logits)
    np.testing.assert_array_equal(bound.weights["hidden_output"], free.weights["hidden_output"])
    assert not np.array_equal(bound.weights["input_hidden"], free.weights["input_hidden"])


def test_a_spike_that_grazes_the_threshold_no_longer_outweighs_all_others() -> None:
    """One neuron, one input whose weight brings it just above threshold: the gradient grows as 1 / slope does."""
    one = draw(Plan(((1, False),), channels=1, classes=2), seed=0, trials=1, events=1)
    norms: dict[float, list[float]] = {0.0: [], 0.5: []}
    slopes = []
    # A unit of current lifts the voltage to 4 ** (-4 / 3) at most.
    for excess in (1e-1, 1e-2, 1e-3):
        one.weights["input_hidden"][:] = 4 ** (4 / 3) * (1 + excess)
        for bound, found in norms.items():
            engine = one.engine(LOSS, 1 / 64, spike_times="interpolated", least_slope=bound)
            gradients = engine.gradients(one.batch(1 / 64))
            assert gradients.hidden_counts.tolist() == [1]
            found.append(float(np.abs(gradients.weights["input_hidden"]).max()))
        slopes.append(gradients.min_slope)
    assert slopes[0] > 2 * slopes[1] > 4 * slopes[2]
    assert norms[0.0][2] > 5 * norms[0.0][0]
    assert norms[0.0][2] > 2 * norms[0.0][1]
    assert norms[0.5][2] < 1.5 * norms[0.5][1]
