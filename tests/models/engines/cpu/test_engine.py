"""Training, state, and what the engine does in unusual conditions."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from event_nets import draw_trials, draw_weights, on_grid, single

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.engines.interface import Regulariser
from models.errors import InputError
from models.losses import CrossEntropy
from models.network import DelayLine, Input, Leaky, Network, Spiking, Weights
from models.windows import Exponential, Gaussian, Uniform

NETWORK = Network(Input(12), Spiking(17), Leaky(4))
LOSS = CrossEntropy(Exponential(), scale=5.0)
STEPS = 100


def make(seed: int = 0, drive: float = 0.6) -> tuple[Weights, SpikeBatch]:
    weights = single(draw_weights(NETWORK, seed, drive=drive, recurrence=0.3))
    batch = on_grid(draw_trials(12, seed, 8), 1.0, 12)
    return weights, replace(batch, labels=batch.labels % 4)


def test_training_brings_the_loss_down() -> None:
    weights, batch = make()
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS)
    first = engine.train_epoch([batch], 1e-2)
    for _ in range(60):
        last = engine.train_epoch([batch], 1e-2)
    assert last.loss < 0.3 * first.loss
    assert last.accuracy > first.accuracy
    assert last.examples == 8


def test_the_output_gradient_is_the_stepped_losss_own_derivative() -> None:
    """Output weights move no spike, so that here the stepped loss itself can be differentiated, at any dt."""
    weights, batch = make()
    analytic = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS).gradients(batch).weights["hidden_output"]
    numeric = np.empty(analytic.shape)
    for index in np.ndindex(analytic.shape):
        sides = []
        for shift in (0.01, -0.01):
            moved = {name: w.copy() for name, w in weights.items()}
            moved["hidden_output"][index] += shift
            losses = CpuEngine(NETWORK, moved, LOSS, 1.0, STEPS).predict([batch]).losses.mean()
            sides.append((losses, float(moved["hidden_output"][index])))
        numeric[index] = (sides[0][0] - sides[1][0]) / (sides[0][1] - sides[1][1])
    np.testing.assert_allclose(analytic, numeric, rtol=2e-3, atol=2e-4 * np.abs(numeric).max())


def test_predictions_recordings_and_training_tell_the_same_story() -> None:
    weights, batch = make()
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS)
    predictions, recordings, found = engine.predict([batch]), engine.record(batch), engine.gradients(batch)
    np.testing.assert_array_equal(predictions.logits, found.logits)
    np.testing.assert_array_equal([r.logits for r in recordings], found.logits)
    spikes = np.concatenate([r.spike_neurons for r in recordings])
    np.testing.assert_array_equal(np.bincount(spikes, minlength=17), predictions.hidden_counts)
    epoch = engine.train_epoch([batch], 1e-3)
    assert epoch.loss == pytest.approx(predictions.losses.mean())
    assert epoch.accuracy == (predictions.logits.argmax(axis=1) == batch.labels).mean()


def test_predicting_and_recording_learn_nothing() -> None:
    weights, batch = make()
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS)
    engine.predict([batch])
    engine.record(batch)
    engine.gradients(batch)
    assert all(np.array_equal(engine.weights[name], weights[name]) for name in weights)


def test_an_engine_continues_from_anothers_state_to_the_bit() -> None:
    weights, batch = make()
    whole = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS)
    for _ in range(3):
        whole.train_epoch([batch], 1e-2)
    state = whole.state()
    resumed = CpuEngine(NETWORK, make(seed=5)[0], LOSS, 1.0, STEPS)
    resumed.load_state(state)
    for engine in (whole, resumed):
        for _ in range(3):
            engine.train_epoch([batch], 1e-2)
    one, other = whole.state(), resumed.state()
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert not np.array_equal(state["weights/input_hidden"], one["weights/input_hidden"])


def test_a_state_of_another_network_is_refused_and_changes_nothing() -> None:
    weights, _ = make()
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS)
    state = engine.state()
    state["weights/input_hidden"] = state["weights/input_hidden"] + 1
    state["adam_second/hidden_output"] = np.zeros((3, 3), dtype=np.float32)
    with pytest.raises(InputError, match=r"shape \(3, 3\) for adam_second/hidden_output"):
        engine.load_state(state)
    np.testing.assert_array_equal(engine.weights["input_hidden"], weights["input_hidden"])
    with pytest.raises(InputError, match="nothing for weights/"):
        engine.load_state({"adam_step": np.array(1)})


@pytest.mark.parametrize("drive", [0.3, 1.2])
def test_the_regulariser_alone_moves_rates_to_the_target(drive: float) -> None:
    """From below and from above; with no output weights the loss itself says nothing about the hidden layer."""
    weights, batch = make(drive=drive)
    weights["hidden_output"][:] = 0
    target = 4.0
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS, Regulariser(strength=1.0, target=target))
    before = engine.predict([batch]).hidden_counts / len(batch)
    for _ in range(80):
        engine.train_epoch([batch], 5e-3)
    after = engine.predict([batch]).hidden_counts / len(batch)
    active = before > 0
    assert abs(before[active].mean() - target) > 1
    assert np.abs(after[active] - target).mean() < 0.4 * np.abs(before[active] - target).mean()


def test_neurons_silent_for_an_epoch_are_lifted_and_only_they() -> None:
    weights, batch = make()
    weights["input_hidden"][:, 3] = -1.0
    weights["hidden_hidden"][:, 3] = 0.0
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS, Regulariser(lift=0.25))
    counts = engine.train_epoch([batch], 0.0).hidden_counts
    silent = counts == 0
    assert silent[3]
    assert not silent.all()
    moved = engine.weights["input_hidden"] - weights["input_hidden"]
    np.testing.assert_allclose(moved[:, silent], 0.25)
    np.testing.assert_array_equal(moved[:, ~silent], 0)


@pytest.mark.parametrize(
    "name",
    [
        "input_hidden",
        "hidden_hidden",
        "hidden_output",
    ],
)
def test_weights_that_are_not_numbers_show_in_the_loss(name: str) -> None:
    """A neuron whose voltage is NaN never spikes: it must not pass for a silent one."""
    weights, batch = make()
    weights[name][:, 0] = np.nan
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS)
    assert np.isnan(engine.predict([batch]).losses).any()
    assert np.isnan(engine.train_epoch([batch], 1e-3).loss)


def test_a_delay_that_is_no_whole_number_of_steps_is_refused() -> None:
    network = Network(Input(4, DelayLine(2, 2.5)), Spiking(3), Leaky(2))
    with pytest.raises(InputError, match=r"spacing is 2\.5 ms; it must be a whole number of steps of 1\.0 ms"):
        CpuEngine(network, single(draw_weights(network, 0)), LOSS, 1.0, STEPS)


def test_batches_may_be_of_any_size_and_examples_empty() -> None:
    weights, batch = make()
    engine = CpuEngine(NETWORK, weights, LOSS, 1.0, STEPS)
    empty = SpikeBatch(batch.steps[:0], batch.units[:0], np.zeros(2, dtype=np.int64), batch.labels[:1])
    found = engine.gradients(empty)
    assert found.losses[0] == pytest.approx(np.log(4))
    assert all(np.all(g == 0) for g in found.weights.values())
    assert engine.train_epoch([], 1e-3).examples == 0
    assert len(engine.predict([]).logits) == 0


def test_a_step_as_fine_as_you_like_takes_no_more_memory() -> None:
    """Memory belongs to spikes, not to steps: the table of the window is all that grows."""
    weights, batch = make()
    peaks = {}
    for steps in (1000, 8000):
        # The same events in the same steps of a longer trial: the same spikes.
        engine = CpuEngine(NETWORK, weights, CrossEntropy(Uniform()), 1.0, steps)
        engine.gradients(batch)
        tracemalloc.start()
        found = engine.gradients(batch)
        peaks[steps] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.hidden_counts.sum() > 100
    assert peaks[8000] < peaks[1000] + 10_000


def test_the_window_table_is_the_losss_own() -> None:
    engine = CpuEngine(NETWORK, make()[0], CrossEntropy(Gaussian(mu=0.3)), 1.0, STEPS)
    np.testing.assert_array_equal(engine.window_table, Gaussian(mu=0.3).table(STEPS))
