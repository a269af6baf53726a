"""What parameters are drawn from: moments, bounds, and streams that do not touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from models.initialisers import Constant, Initial, Initialiser, Kaiming, LogNormal, Normal, Uniform
from models.network import DelayLine, Hidden, Input, Leaky, Network, Synapses

SHAPE = (400, 300)
FULL = Hidden(
    30,
    time_constants="trained",
    bias=True,
    synapses=Synapses(0.4, "trained", 20.0),
    recurrent=Synapses(0.7, "fixed", 8.0),
)

# Of each distribution its mean and deviation, worked out on paper.
MOMENTS = [
    (Constant(0.7), 0.7, 0.0),
    (Normal(0.3, 0.2), 0.3, 0.2),
    (Uniform(-0.1, 0.5), 0.2, 0.6 / np.sqrt(12)),
    (Kaiming(2.0), 0.0, 2.0 / np.sqrt(SHAPE[0])),
    (LogNormal(3.0, 0.4), 3.0 * np.exp(0.08), 3.0 * np.exp(0.08) * np.sqrt(np.exp(0.16) - 1)),
]


@pytest.mark.parametrize(("initialiser", "mean", "sd"), MOMENTS)
def test_what_is_drawn_has_the_moments_asked_for(initialiser: Initialiser, mean: float, sd: float) -> None:
    drawn = initialiser.draw(np.random.default_rng(1), SHAPE)
    assert drawn.shape == SHAPE
    assert drawn.mean() == pytest.approx(mean, abs=5 * sd / np.sqrt(drawn.size) + 1e-12)
    assert drawn.std() == pytest.approx(sd, rel=0.02, abs=1e-12)


def test_bounds_and_medians() -> None:
    rng = np.random.default_rng(2)
    flat = Uniform(-0.1, 0.5).draw(rng, SHAPE)
    assert -0.1 <= flat.min() < -0.099
    assert 0.499 < flat.max() <= 0.5
    assert np.median(LogNormal(3.0, 0.4).draw(rng, SHAPE)) == pytest.approx(3.0, rel=0.01)
    assert np.all(LogNormal(20.0, 0.0).draw(rng, SHAPE) == 20.0)


@pytest.mark.parametrize("copies", [1, 4, 10])
@pytest.mark.parametrize(
    "initialiser", [Constant(0.7), Normal(0.3, 0.2), Uniform(-0.1, 0.5), Uniform(0.2, 0.2), Normal(-1.0, 0.0)]
)
def test_the_sum_of_copies_has_mean_and_variance_of_one(initialiser: Initialiser, copies: int) -> None:
    whole = initialiser.draw(np.random.default_rng(3), SHAPE)
    rng = np.random.default_rng(4)
    summed = np.sum([initialiser.split(copies).draw(rng, SHAPE) for _ in range(copies)], axis=0)
    assert summed.mean() == pytest.approx(whole.mean(), abs=7 * whole.std() / np.sqrt(whole.size) + 1e-9)
    assert summed.std() == pytest.approx(whole.std(), rel=0.02, abs=1e-9)


def test_copies_are_presynaptic_neurons_to_kaiming_and_share_the_median_of_a_lognormal() -> None:
    copies = 4
    split = Kaiming(1.0).split(copies).draw(np.random.default_rng(0), (copies * SHAPE[0], SHAPE[1]))
    summed = split.reshape(copies, *SHAPE).sum(axis=0)
    assert summed.std() == pytest.approx(1 / np.sqrt(SHAPE[0]), rel=0.02)
    assert LogNormal(3.0, 0.5).split(3) == LogNormal(1.0, 0.5)


def test_a_delay_line_keeps_the_hidden_layers_drive() -> None:
    """Summed over copies the input weights have the mean and the variance that undelayed ones have."""
    network = Network(Input(1000, DelayLine(10, 30.0)), (Hidden(100),), Leaky(2))
    summed = Initial(input=Normal(0.03, 0.01)).draw(network, 3)["input_hidden"].reshape(10, 1000, 100).sum(axis=0)
    assert summed.mean() == pytest.approx(0.03, abs=5 * 0.01 / np.sqrt(summed.size))
    assert summed.std() == pytest.approx(0.01, rel=0.03)


def test_every_kind_of_connection_has_its_own_distribution() -> None:
    initial = Initial(Constant(1.0), Constant(2.0), Constant(3.0), Constant(4.0), Constant(5.0))
    network = Network(Input(5), (Hidden(4, bias=True), Hidden(3), Hidden(2, recurrent=None)), Leaky(2, bias=True))
    drawn = initial.draw(network, 1)
    expected = {
        "input_hidden1": 1,
        "hidden1_hidden1": 2,
        "hidden1_hidden2": 3,
        "hidden2_hidden2": 2,
        "hidden2_hidden3": 3,
        "hidden3_output": 4,
        "hidden1_bias": 5,
        "output_bias": 5,
    }
    assert {name: set(array.ravel()) for name, array in drawn.items()} == {n: {v} for n, v in expected.items()}
    assert all(array.dtype == np.float32 for array in drawn.values())


@given(density=st.floats(0.05, 0.95), seed=st.integers(0, 2**31))
def test_so_many_synapses_exist(density: float, seed: int) -> None:
    """Within six standard deviations, which one draw in 500 million exceeds."""
    network = Network(Input(100), (Hidden(80, synapses=Synapses(density), recurrent=None),), Leaky(2))
    present = Initial().draw(network, seed)["input_hidden"] != 0
    assert present.mean() == pytest.approx(density, abs=6 * np.sqrt(density * (1 - density) / present.size))


@given(
    low=st.floats(-20, 30),
    width=st.floats(0, 40),
    longest=st.floats(0.5, 50),
    seed=st.integers(0, 2**31),
)
def test_delays_lie_within_their_range(low: float, width: float, longest: float, seed: int) -> None:
    synapses = Synapses(delays="trained", longest=longest)
    network = Network(Input(10), (Hidden(8, synapses=synapses, recurrent=None),), Leaky(2))
    drawn = Initial(delay=Uniform(low, low + width)).draw(network, seed)
    assert drawn["input_hidden_delay"].min() >= 0
    network.check(drawn)


def test_delays_fill_their_range_unless_told_otherwise() -> None:
    network = Network(Input(100), (FULL,), Leaky(2))
    drawn = Initial().draw(network, 1)
    for name, longest in (("input_hidden_delay", 20.0), ("hidden_hidden_delay", 8.0)):
        assert drawn[name].mean() == pytest.approx(longest / 2, rel=0.1)
        assert drawn[name].std() == pytest.approx(longest / np.sqrt(12), rel=0.1)


def test_time_constants_spread_about_their_population_s() -> None:
    network = Network(Input(3), (replace(FULL, size=5000, recurrent=None),), Leaky(2))
    drawn = Initial(spread=0.3).draw(network, 1)
    for tau, median in (("hidden_tau_mem", 20.0), ("hidden_tau_syn", 5.0)):
        assert np.median(drawn[tau]) == pytest.approx(median, rel=0.03)
        assert np.log(drawn[tau]).std() == pytest.approx(0.3, rel=0.05)
    assert np.all(Initial().draw(network, 1)["hidden_tau_mem"] == 20.0)


POORER = {
    "delays": replace(FULL, synapses=Synapses(0.4), recurrent=Synapses(0.7)),
    "time constants": replace(FULL, time_constants="shared"),
    "biases": replace(FULL, bias=False),
    "the recurrent connection": replace(FULL, recurrent=None),
}


@pytest.mark.parametrize("what", POORER)
def test_one_more_parameter_changes_no_other_s_draw(what: str) -> None:
    initial = Initial(bias=Normal(), spread=0.2)
    rich = initial.draw(Network(Input(10), (FULL,), Leaky(3)), (5, 0))
    poor = initial.draw(Network(Input(10), (POORER[what],), Leaky(3)), (5, 0))
    assert set(poor) < set(rich)
    for name, array in poor.items():
        np.testing.assert_array_equal(array, rich[name])


def test_a_sparse_connection_has_the_weights_of_the_dense_one() -> None:
    sparse, dense = (
        Initial().draw(Network(Input(50), (Hidden(40, synapses=Synapses(density)),), Leaky(3)), 1)
        for density in (0.3, 1)
    )
    present = sparse["input_hidden"] != 0
    np.testing.assert_array_equal(sparse["input_hidden"][present], dense["input_hidden"][present])


def test_seeds_and_parameters_differ() -> None:
    network = Network(Input(30), (FULL,), Leaky(3))
    one, other = Initial().draw(network, 1), Initial().draw(network, 2)
    assert not np.array_equal(one["input_hidden"], other["input_hidden"])
    assert not np.array_equal(one["input_hidden_delay"] / 20, one["hidden_hidden_delay"] / 8)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Normal(0.0, -0.1), r"normal\.sd is -0\.1"),
        (lambda: Uniform(0.5, 0.1), r"goes from 0\.5 to 0\.1"),
        (lambda: LogNormal(0.0, 0.1), r"median 0\.0"),
        (lambda: LogNormal(1.0, -0.1), r"spread -0\.1"),
    ],
)
def test_distributions_that_are_none_are_refused(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        make()
