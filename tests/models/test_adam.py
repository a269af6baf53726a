"""Adam against the papers' own lines in float64, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from models.adam import Adam
from models.errors import InputError
from models.initialisers import Initial
from models.network import Hidden, Input, Leaky, Network, Synapses, Weights
from models.optimiser import TIME_CONSTANTS, Optimiser

RATE = 3e-3
PLAIN = Network(Input(30), (Hidden(20, recurrent=None),), Leaky(4))
RICH = Network(
    Input(30),
    (
        Hidden(20, time_constants="trained", bias=True, synapses=Synapses(0.3, "trained", 25.0)),
        Hidden(10, time_constants="fixed", recurrent=Synapses(1.0, "fixed", 5.0)),
    ),
    Leaky(4, bias=True),
)


def drawn(network: Network, seed: int, size: float = 1.0) -> Weights:
    """Gradients, or weights that are nothing in particular."""
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, size, shape).astype(np.float32) for name, shape in network.shapes.items()}


def paper(
    weights: np.ndarray, gradients: list[np.ndarray], rate: float, decay: float = 0.0, clip: float = np.inf
) -> np.ndarray:
    """Algorithm 1 of Kingma and Ba (2015), algorithm 2 of Loshchilov and Hutter (2019) where it decays."""
    w, m, v = weights.astype(float), np.zeros(weights.shape), np.zeros(weights.shape)
    for t, g in enumerate(gradients, start=1):
        g = g.astype(float) * min(1.0, clip / np.linalg.norm(g.astype(float)))
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8) - rate * decay * w
    return w


def steps(
    network: Network, weights: Weights, gradients: list[Weights], optimiser: Optimiser | None = None
) -> tuple[Weights, Adam]:
    """Weights after a step down each gradient."""
    weights = {name: w.copy() for name, w in weights.items()}
    adam = Adam.of(network, weights, optimiser)
    for g in gradients:
        adam.update(weights, g, RATE)
    return weights, adam


def test_it_follows_the_paper() -> None:
    rng = np.random.default_rng(0)
    start = drawn(PLAIN, 1)
    gradients = [drawn(PLAIN, i, 10.0 ** rng.integers(-5, 3)) for i in range(50)]
    weights, adam = steps(PLAIN, start, gradients)
    for name, w in weights.items():
        np.testing.assert_allclose(w, paper(start[name], [g[name] for g in gradients], RATE), atol=2e-6)
    assert adam.step == 50


def test_weight_decay_is_adamw_s() -> None:
    start, gradients = drawn(PLAIN, 1), [drawn(PLAIN, i) for i in range(50)]
    weights, _ = steps(PLAIN, start, gradients, Optimiser(weight_decay=2.0))
    for name, w in weights.items():
        np.testing.assert_allclose(w, paper(start[name], [g[name] for g in gradients], RATE, 2.0), atol=2e-6)


def test_a_decay_that_rounds_to_nothing_beside_a_weight_is_not_lost() -> None:
    """1 - rate * weight_decay is 1 in float32."""
    network = Network(Input(1000), (Hidden(50, recurrent=None),), Leaky(2))
    start = {name: np.ones(shape, dtype=np.float32) for name, shape in network.shapes.items()}
    gradients = [drawn(network, i) for i in range(20)]
    plain, _ = steps(network, start, gradients)
    decayed, _ = steps(network, start, gradients, Optimiser(weight_decay=1e-5))
    shrunk = (plain["input_hidden"].astype(float) - decayed["input_hidden"]).mean()
    assert shrunk == pytest.approx(20 * RATE * 1e-5, rel=0.2)


def test_the_gradient_of_all_parameters_together_is_clipped() -> None:
    start, gradients = drawn(PLAIN, 1), [drawn(PLAIN, i, 10.0 ** (i - 3)) for i in range(6)]
    weights, _ = steps(PLAIN, start, gradients, Optimiser(clip=0.5))

    def flat(parameters: Weights) -> np.ndarray:
        return np.concatenate([parameters[name].ravel() for name in PLAIN.shapes])

    np.testing.assert_allclose(
        flat(weights), paper(flat(start), [flat(g) for g in gradients], RATE, clip=0.5), atol=2e-6
    )


@examples(20)
@given(size=st.floats(1e-3, 1e3), clip=st.floats(1e-2, 1e2))
def test_a_gradient_is_clipped_to_the_norm_and_only_above_it(size: float, clip: float) -> None:
    """After one step the first moment is a tenth of the gradient that was learned from, up to rounding in float32."""
    gradients = drawn(RICH, 2, size)
    weights = Initial().draw(RICH, 1)
    _, adam = steps(RICH, weights, [gradients], Optimiser(clip=clip))
    learned = np.sqrt(sum(np.sum(np.square(m, dtype=float)) for m in adam.first.values())) * 10
    present = {name: g * (weights[name] != 0) if name == "input_hidden1" else g for name, g in gradients.items()}
    norm = np.sqrt(sum(np.sum(np.square(present[name], dtype=float)) for name in adam.first))
    assert learned == pytest.approx(min(norm, clip), rel=1e-5)


@pytest.mark.parametrize("optimiser", [Optimiser(), Optimiser(clip=0.1, weight_decay=0.1)])
def test_threads_change_no_bit(optimiser: Optimiser) -> None:
    start, gradients = Initial().draw(RICH, 1), [drawn(RICH, i) for i in range(5)]
    most = numba.config.NUMBA_NUM_THREADS
    found = []
    try:
        for threads in {1, most}:
            numba.set_num_threads(threads)
            found.append(steps(RICH, start, gradients, optimiser)[0])
    finally:
        numba.set_num_threads(most)
    for other in found[1:]:
        for name in RICH.shapes:
            np.testing.assert_array_equal(found[0][name], other[name])


def test_going_on_from_moments_and_step_changes_no_bit() -> None:
    optimiser = Optimiser(clip=0.3, weight_decay=0.1)
    start, gradients = Initial().draw(RICH, 1), [drawn(RICH, i) for i in range(6)]
    whole, _ = steps(RICH, start, gradients, optimiser)
    weights = {name: w.copy() for name, w in start.items()}
    adam = Adam.of(RICH, weights, optimiser)
    for g in gradients:
        resumed = Adam.of(RICH, weights, optimiser)
        for name in adam.first:
            resumed.first[name][:], resumed.second[name][:] = adam.first[name], adam.second[name]
        resumed.step = adam.step
        adam = resumed
        adam.update(weights, g, RATE)
    for name, w in whole.items():
        np.testing.assert_array_equal(weights[name], w)


def test_fixed_parameters_stay_and_need_no_gradient() -> None:
    start = Initial(spread=0.1).draw(RICH, 1)
    fixed = {"hidden2_hidden2_delay", "hidden2_tau_mem", "hidden2_tau_syn"}
    assert RICH.fixed == fixed
    gradients = {name: g for name, g in drawn(RICH, 1).items() if name not in fixed}
    weights, adam = steps(RICH, start, [gradients] * 3, Optimiser(clip=1.0, weight_decay=0.1))
    assert set(adam.first) == set(adam.second) == set(RICH.shapes) - fixed
    for name in RICH.shapes:
        assert np.array_equal(weights[name], start[name]) == (name in fixed), name


def test_absent_synapses_stay_absent_and_count_for_nothing() -> None:
    start, gradients = Initial().draw(RICH, 1), [drawn(RICH, i) for i in range(5)]
    absent = start["input_hidden1"] == 0
    assert 0.6 < absent.mean() < 0.8
    # In a dense connection a weight that happens to be 0 is one like any other.
    start["hidden1_hidden2"][3, 4] = 0
    poisoned = [{**g, "input_hidden1": np.where(absent, np.float32(1e6), g["input_hidden1"])} for g in gradients]
    optimiser = Optimiser(clip=0.5, weight_decay=0.1)
    weights, _ = steps(RICH, start, gradients, optimiser)
    same, adam = steps(RICH, start, poisoned, optimiser)
    assert np.array_equal(weights["input_hidden1"] == 0, absent)
    assert weights["hidden1_hidden2"][3, 4] != 0
    assert not adam.first["input_hidden1"][absent].any()
    for name in RICH.shapes:
        np.testing.assert_array_equal(weights[name], same[name])


def test_only_connection_weights_decay() -> None:
    """Without any gradient nothing else moves."""
    start = Initial(spread=0.1).draw(RICH, 1)
    start["hidden1_bias"] += 1
    start["input_hidden1_delay"][:] = 5
    zeros = {name: np.zeros_like(w) for name, w in start.items()}
    weights, _ = steps(RICH, start, [zeros], Optimiser(weight_decay=0.5))
    connections = {c.name for c in RICH.connections}
    for name, w in weights.items():
        factor = 1 - RATE * 0.5 if name in connections else 1
        np.testing.assert_allclose(w, start[name] * np.float32(factor), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "factor"),
    [("input_hidden1_delay", 7.0), ("hidden1_tau_mem", 11.0), ("hidden1_tau_syn", 11.0), ("hidden1_bias", 1.0)],
)
def test_delays_and_time_constants_have_rates_of_their_own(name: str, factor: float) -> None:
    """Adam's first step is the rate, against the gradient's sign."""
    start = Initial().draw(RICH, 1)
    start["input_hidden1_delay"][:] = 12.0
    gradients = drawn(RICH, 1)
    weights, _ = steps(RICH, start, [gradients], Optimiser(delay_rate=7.0, tau_rate=11.0))
    np.testing.assert_allclose(weights[name] - start[name], -factor * RATE * np.sign(gradients[name]), rtol=1e-3)


@pytest.mark.parametrize("sign", [-1, 1])
def test_delays_and_time_constants_keep_within_their_bounds(sign: int) -> None:
    start = Initial(spread=0.5).draw(RICH, 1)
    pull = {name: np.full_like(w, sign) for name, w in start.items()}
    weights, _ = steps(RICH, start, [pull] * 30, Optimiser(delay_rate=1e3, tau_rate=2e4))
    bounds = {"input_hidden1_delay": (0.0, 25.0), "hidden1_tau_mem": TIME_CONSTANTS, "hidden1_tau_syn": TIME_CONSTANTS}
    for name, (low, high) in bounds.items():
        np.testing.assert_array_equal(weights[name], low if sign > 0 else high)
    RICH.check(weights)


def one(value: float) -> tuple[Network, Callable[[np.ndarray], Weights]]:
    """A network of single weights, and how a matrix of its input becomes its gradients."""
    network = Network(Input(2), (Hidden(2, recurrent=None),), Leaky(1))
    return network, lambda g: {
        "input_hidden": g.astype(np.float32),
        "hidden_output": np.full((2, 1), value, np.float32),
    }


def test_gradients_near_epsilon_are_damped_as_in_the_paper() -> None:
    network, gradients = one(0.0)
    gradient = np.array([[1e-8, 1e-9], [0.0, 0.0]], dtype=np.float32)
    weights, _ = steps(network, gradients(np.zeros((2, 2))), [gradients(gradient)])
    np.testing.assert_allclose(weights["input_hidden"], paper(np.zeros((2, 2)), [gradient], RATE), rtol=1e-4)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_the_first_step_is_the_learning_rate_against_the_sign(size: float) -> None:
    network, gradients = one(0.0)
    gradient = np.array([[size, -size], [2 * size, 0]])
    weights, _ = steps(network, gradients(np.zeros((2, 2))), [gradients(gradient)])
    np.testing.assert_allclose(weights["input_hidden"], [[-RATE, RATE], [-RATE, 0]], rtol=1e-3)


def test_matrices_do_not_mix_and_the_gradient_is_left_alone() -> None:
    start, gradients = drawn(RICH, 1), {name: np.zeros_like(w) for name, w in drawn(RICH, 1).items()}
    gradients["hidden1_bias"] += 2
    kept = {name: g.copy() for name, g in gradients.items()}
    # Within the bounds, which alone would move them.
    start = {name: np.abs(w) + 1 for name, w in start.items()}
    weights, adam = steps(RICH, start, [gradients] * 3)
    for name in RICH.shapes:
        assert np.array_equal(weights[name], start[name]) == (name != "hidden1_bias")
        np.testing.assert_array_equal(gradients[name], kept[name])
    assert not any(np.shares_memory(adam.first[name], adam.second[name]) for name in adam.first)


def test_it_finds_the_bottom_of_a_bowl() -> None:
    target = drawn(PLAIN, 1)
    weights = {name: np.zeros_like(w) for name, w in target.items()}
    adam = Adam.of(PLAIN, weights)
    for _ in range(400):
        adam.update(weights, {name: w - target[name] for name, w in weights.items()}, 3e-2)
    for name, w in weights.items():
        np.testing.assert_allclose(w, target[name], atol=1e-2)


@pytest.mark.parametrize("name", ["clip", "weight_decay", "delay_rate", "tau_rate"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
def test_impossible_settings_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(InputError, match=rf"optimiser\.{name} is {value}"):
        Optimiser(**{name: value})
