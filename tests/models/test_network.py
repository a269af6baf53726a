"""Descriptions of networks: shapes, initial weights, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from models.errors import InputError
from models.network import DelayLine, InitialWeights, Input, Leaky, Network, Spiking

NETWORK = Network(Input(70, DelayLine(copies=10, spacing=30.0)), Spiking(40), Leaky(20))


def test_shapes_are_pre_by_post() -> None:
    assert NETWORK.shapes == {"input_hidden": (700, 40), "hidden_hidden": (40, 40), "hidden_output": (40, 20)}
    assert "hidden_hidden" not in Network(Input(5), Spiking(3), Leaky(2), recurrent=False).shapes


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: DelayLine(copies=0), "copies is 0"),
        (lambda: DelayLine(copies=2), "spacing is 0"),
        (lambda: DelayLine(copies=2, spacing=-3.0), r"spacing is -3\.0"),
        (lambda: Input(channels=0), "channels is 0"),
        (lambda: Spiking(0), "size is 0"),
        (lambda: Leaky(3, tau_mem=0.0), r"tau_mem is 0\.0 ms"),
        (lambda: Leaky(3, tau_syn=float("nan")), "tau_syn is nan"),
        (lambda: Leaky(3, tau_mem=5.0, tau_syn=5.0), r"both 5\.0 ms; they must differ"),
        (lambda: Spiking(3, threshold=0.0), r"threshold is 0\.0"),
        (lambda: Spiking(3, threshold=float("inf")), "threshold is inf"),
    ],
)
def test_impossible_values_are_refused_by_name(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        make()


def test_weights_of_another_network_are_refused() -> None:
    weights = InitialWeights().draw(NETWORK, 0)
    NETWORK.check(weights)
    with pytest.raises(InputError, match="weights are"):
        NETWORK.check({"input_hidden": weights["input_hidden"]})
    with pytest.raises(InputError, match=r"hidden_output have shape \(20, 40\); this network's is \(40, 20\)"):
        NETWORK.check({**weights, "hidden_output": weights["hidden_output"].T})


def test_initial_weights_have_the_moments_asked_for() -> None:
    initial = InitialWeights(input_mean=0.3, input_sd=0.2, recurrent_mean=-0.1, recurrent_sd=0.05)
    weights = initial.draw(Network(Input(700), Spiking(300), Leaky(20)), 1)
    for name, mean, sd in (("input_hidden", 0.3, 0.2), ("hidden_hidden", -0.1, 0.05), ("hidden_output", 0.0, 0.03)):
        w = weights[name]
        assert w.dtype == np.float32
        assert w.mean() == pytest.approx(mean, abs=5 * sd / np.sqrt(w.size))
        assert w.std() == pytest.approx(sd, rel=5 / np.sqrt(2 * w.size))


def test_a_delay_line_keeps_the_hidden_layers_drive() -> None:
    """Summed over copies the input weights have the mean and the variance that undelayed ones have."""
    initial = InitialWeights()
    weights = initial.draw(Network(Input(1000, DelayLine(10, 30.0)), Spiking(100), Leaky(2)), 3)["input_hidden"]
    summed = weights.reshape(10, 1000, 100).sum(axis=0)
    assert summed.mean() == pytest.approx(initial.input_mean, abs=5 * initial.input_sd / np.sqrt(summed.size))
    assert summed.std() == pytest.approx(initial.input_sd, rel=0.03)


def test_each_matrix_has_a_stream_of_its_own() -> None:
    feed_forward = Network(NETWORK.input, NETWORK.hidden, NETWORK.output, recurrent=False)
    one, other = InitialWeights().draw(NETWORK, 7), InitialWeights().draw(feed_forward, 7)
    np.testing.assert_array_equal(one["input_hidden"], other["input_hidden"])
    np.testing.assert_array_equal(one["hidden_output"], other["hidden_output"])
    assert not np.array_equal(one["input_hidden"], InitialWeights().draw(NETWORK, 8)["input_hidden"])
