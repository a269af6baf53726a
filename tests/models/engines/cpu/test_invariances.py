"""What must not matter: names of neurons, order of examples, threads, capacity, and how a delay is written down."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from event_nets import draw_trials, draw_weights, on_grid, single

from models.batch import SpikeBatch
from models.engines.cpu import engine as engine_module
from models.engines.cpu.engine import CpuEngine, Gradients
from models.engines.interface import Regulariser
from models.losses import CrossEntropy
from models.network import DelayLine, Input, Leaky, Network, Spiking, Weights
from models.windows import Gaussian

LOSS = CrossEntropy(Gaussian(mu=0.4, sigma=0.2), scale=5.0)
STEPS = 100
NETWORK = Network(Input(12), Spiking(17), Leaky(4))


def make(network: Network = NETWORK, seed: int = 0, trials: int = 11) -> tuple[Weights, SpikeBatch]:
    weights = single(draw_weights(network, seed, drive=0.6, recurrence=0.3))
    batch = on_grid(draw_trials(network.input.channels, seed, trials), 1.0, network.input.channels)
    return weights, replace(batch, labels=batch.labels % 4)


def gradients(network: Network, weights: Weights, batch: SpikeBatch, threads: int = 1) -> Gradients:
    regulariser = Regulariser(strength=1e-3, target=3.0)
    return CpuEngine(network, weights, LOSS, 1.0, STEPS, regulariser, threads).gradients(batch)


def assert_same(one: Gradients, other: Gradients) -> None:
    """To the bit."""
    assert one.hidden_counts.sum() > 20
    np.testing.assert_array_equal(one.logits, other.logits)
    np.testing.assert_array_equal(one.hidden_counts, other.hidden_counts)
    for name in one.weights:
        np.testing.assert_array_equal(one.weights[name], other.weights[name])


def assert_close(one: np.ndarray, other: np.ndarray) -> None:
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * np.abs(one).max())


def reorder(batch: SpikeBatch, order: np.ndarray) -> SpikeBatch:
    parts = [slice(batch.offsets[b], batch.offsets[b + 1]) for b in order]
    return SpikeBatch(
        np.concatenate([batch.steps[p] for p in parts]),
        np.concatenate([batch.units[p] for p in parts]),
        np.cumsum([0, *(p.stop - p.start for p in parts)]),
        batch.labels[order],
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("recurrent", [False, True])
def test_one_and_two_threads_agree_to_the_bit(seed: int, recurrent: bool) -> None:
    network = replace(NETWORK, recurrent=recurrent)
    weights, batch = make(network, seed)
    assert_same(gradients(network, weights, batch, threads=1), gradients(network, weights, batch, threads=2))


def test_training_on_one_and_two_threads_ends_with_the_same_bits() -> None:
    weights, batch = make()
    ends = []
    for threads in (1, 2):
        engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS, threads=threads)
        for _ in range(5):
            engine.train_epoch([batch], 1e-2)
        ends.append(engine.state())
    assert all(np.array_equal(ends[0][name], ends[1][name]) for name in ends[0])
    assert not np.array_equal(ends[0]["weights/input_hidden"], weights["input_hidden"])


def test_renaming_hidden_neurons_renames_their_gradients() -> None:
    weights, batch = make()
    order = np.random.default_rng(0).permutation(NETWORK.hidden.size)
    renamed = {
        "input_hidden": weights["input_hidden"][:, order],
        "hidden_hidden": weights["hidden_hidden"][np.ix_(order, order)],
        "hidden_output": weights["hidden_output"][order],
    }
    one, other = gradients(NETWORK, weights, batch), gradients(NETWORK, renamed, batch)
    np.testing.assert_array_equal(one.hidden_counts[order], other.hidden_counts)
    np.testing.assert_allclose(one.logits, other.logits, rtol=1e-4, atol=1e-5)
    assert_close(one.weights["input_hidden"][:, order], other.weights["input_hidden"])
    assert_close(one.weights["hidden_hidden"][np.ix_(order, order)], other.weights["hidden_hidden"])
    assert_close(one.weights["hidden_output"][order], other.weights["hidden_output"])


def test_renaming_channels_renames_their_gradients() -> None:
    weights, batch = make()
    order = np.random.default_rng(1).permutation(NETWORK.input.channels)
    place = np.argsort(order)
    units, steps = place[batch.units], batch.steps
    example = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
    by_unit = np.lexsort((units, steps, example))
    renamed = replace(batch, units=units[by_unit].astype(np.int32), steps=steps[by_unit])
    one = gradients(NETWORK, weights, batch)
    other = gradients(NETWORK, {**weights, "input_hidden": weights["input_hidden"][order]}, renamed)
    np.testing.assert_array_equal(one.hidden_counts, other.hidden_counts)
    assert_close(one.weights["input_hidden"][order], other.weights["input_hidden"])


def test_the_order_of_examples_changes_neither_logits_nor_the_mean_gradient() -> None:
    weights, batch = make()
    order = np.random.default_rng(2).permutation(len(batch))
    one, other = gradients(NETWORK, weights, batch), gradients(NETWORK, weights, reorder(batch, order))
    np.testing.assert_array_equal(one.logits[order], other.logits)
    np.testing.assert_array_equal(one.losses[order], other.losses)
    for name in one.weights:
        assert_close(one.weights[name], other.weights[name])


def test_a_batchs_gradient_is_the_mean_of_its_examples_gradients() -> None:
    weights, batch = make()
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS)
    alone = [engine.gradients(reorder(batch, np.array([b]))).weights for b in range(len(batch))]
    together = engine.gradients(batch).weights
    for name in together:
        assert_close(np.mean([g[name] for g in alone], axis=0), together[name])


def test_batches_do_not_change_predictions() -> None:
    weights, batch = make()
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS)
    whole = engine.predict([batch])
    parts = engine.predict([reorder(batch, np.arange(0, 5)), reorder(batch, np.arange(5, len(batch)))])
    np.testing.assert_array_equal(whole.logits, parts.logits)
    np.testing.assert_array_equal(whole.losses, parts.losses)
    np.testing.assert_array_equal(whole.hidden_counts, parts.hidden_counts)


def test_no_recurrence_is_recurrence_with_zero_weights() -> None:
    weights, batch = make()
    silent = {**weights, "hidden_hidden": np.zeros_like(weights["hidden_hidden"])}
    without = {name: w for name, w in weights.items() if name != "hidden_hidden"}
    network = replace(NETWORK, recurrent=False)
    with_zeros = CpuEngine(NETWORK, silent, LOSS, 1.0, STEPS).record(batch)
    for one, other in zip(with_zeros, CpuEngine(network, without, LOSS, 1.0, STEPS).record(batch), strict=True):
        np.testing.assert_array_equal(one.spike_times, other.spike_times)
        np.testing.assert_array_equal(one.spike_neurons, other.spike_neurons)
        np.testing.assert_array_equal(one.voltages, other.voltages)
    one, other = gradients(NETWORK, silent, batch), gradients(network, without, batch)
    assert_close(one.weights["input_hidden"], other.weights["input_hidden"])


def test_a_delay_line_is_a_larger_input_with_shifted_copies() -> None:
    """The readers of a delay line see what a network of three times the channels sees of events written out."""
    copies, delay, channels = 3, 9, 12
    line = Network(Input(channels, DelayLine(copies, float(delay))), Spiking(17), Leaky(4))
    plain = Network(Input(channels * copies), Spiking(17), Leaky(4))
    weights, batch = make(line)
    parts = []
    for b in range(len(batch)):
        at = slice(batch.offsets[b], batch.offsets[b + 1])
        steps = np.concatenate([batch.steps[at] + c * delay for c in range(copies)])
        units = np.concatenate([batch.units[at] + c * channels for c in range(copies)])
        order = np.lexsort((units, steps))
        order = order[steps[order] < STEPS]
        parts.append((steps[order], units[order]))
    written_out = SpikeBatch(
        np.concatenate([s for s, _ in parts]),
        np.concatenate([u for _, u in parts]),
        np.cumsum([0, *(len(s) for s, _ in parts)]),
        batch.labels,
    )
    assert np.any(written_out.steps >= STEPS - delay)
    assert_same(gradients(line, weights, batch), gradients(plain, weights, written_out))


def test_more_spikes_than_expected_are_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    weights, batch = make()
    bursting = {**weights, "input_hidden": np.abs(weights["input_hidden"]) * 20}
    monkeypatch.setattr(engine_module, "FIRST_CAPACITY", STEPS)
    roomy = gradients(NETWORK, bursting, batch)
    monkeypatch.setattr(engine_module, "FIRST_CAPACITY", 1)
    tight = gradients(NETWORK, bursting, batch)
    assert roomy.hidden_counts.sum() > 3 * len(batch) * NETWORK.hidden.size
    assert_same(roomy, tight)
