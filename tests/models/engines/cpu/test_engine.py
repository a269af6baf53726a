"""Training, state, and what the engine does in unusual conditions."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.errors import InputError
from models.initialisers import Initial
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare
from models.network import DelayLine, Hidden, Input, Leaky, Network
from models.optimiser import Optimiser
from models.problem import Problem
from models.regulariser import Regulariser
from models.windows import Exponential, Gaussian, Uniform

Mode = Literal["plain", "interpolated"]
MODES: list[Mode] = ["plain", "interpolated"]
PLAN = Plan(((17, True),), channels=12, classes=4, drive=0.6)
RICH = Plan(
    ((9, True), (7, False)),
    channels=6,
    copies=2,
    delayed=("input", "recurrent", "feedforward", "output"),
    constants=("hidden", "output"),
    bias=True,
    density=0.6,
    classes=4,
)
LOSS = CrossEntropy(Exponential(), scale=5.0)
STEPS = 100
LOSSES: dict[str, Loss] = {
    "windowed": LOSS,
    "peak": MaxOverTime(scale=2.0),
    "square": MeanSquare(Gaussian()),
    "first spike": FirstSpike(temperature=10.0, early=0.1, tau=50.0),
}


def make(seed: int = 0, plan: Plan = PLAN, loss: Loss = LOSS, trials: int = 8) -> tuple[Drawn, SpikeBatch]:
    drawn = draw(plan, seed, spiking=isinstance(loss, FirstSpike), trials=trials)
    return drawn, drawn.batch()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", [PLAN, RICH])
def test_training_brings_the_loss_down(plan: Plan, loss: str, mode: Mode) -> None:
    drawn, batch = make(1, plan, LOSSES[loss], trials=4)
    engine = drawn.engine(LOSSES[loss], spike_times=mode, optimiser=Optimiser(clip=1.0))
    first = engine.train_epoch([batch], 1e-2)
    for _ in range(100):
        last = engine.train_epoch([batch], 1e-2)
    assert last.loss < 0.8 * first.loss
    assert last.examples == 4
    if loss == "windowed":
        assert last.loss < 0.2 * first.loss
        assert last.accuracy == 1


@pytest.mark.parametrize(
    ("loss", "mode"), [("windowed", "plain"), ("peak", "plain"), ("square", "plain"), ("windowed", "interpolated")]
)
@pytest.mark.parametrize("plan", [PLAN, RICH])
def test_the_output_gradient_is_the_stepped_losss_own_derivative(plan: Plan, loss: str, mode: Mode) -> None:
    """Output weights move no hidden spike, so that here the stepped loss itself can be differentiated, at any dt."""
    drawn, batch = make(0, plan, LOSSES[loss])
    [name] = [c.name for c in drawn.network.connections if c.kind == "output"]
    analytic = drawn.engine(LOSSES[loss], spike_times=mode).gradients(batch).weights[name]
    present = np.flatnonzero(drawn.weights[name])[::3]
    numeric = []
    for place in present:
        sides, values = [], []
        for shift in (0.004, -0.004):
            moved = {**drawn.weights, name: drawn.weights[name].copy()}
            moved[name].flat[place] += shift
            sides.append(replace(drawn, weights=moved).engine(LOSSES[loss], spike_times=mode).predict([batch]).losses)
            values.append(float(moved[name].flat[place]))
        numeric.append((sides[0].mean() - sides[1].mean()) / (values[0] - values[1]))
    np.testing.assert_allclose(analytic.flat[present], numeric, atol=3e-3 * np.abs(numeric).max())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", [PLAN, RICH])
def test_predictions_recordings_and_training_tell_the_same_story(plan: Plan, loss: str, mode: Mode) -> None:
    drawn, batch = make(0, plan, LOSSES[loss])
    engine = drawn.engine(LOSSES[loss], spike_times=mode)
    predictions, recordings, found = engine.predict([batch]), engine.record(batch), engine.gradients(batch)
    np.testing.assert_array_equal(predictions.logits, found.logits)
    np.testing.assert_array_equal([r.logits for r in recordings], found.logits)
    counts = [
        np.bincount(np.concatenate([r.spikes[name].neurons for r in recordings]), minlength=population.size)
        for name, population in drawn.network.populations.items()
        if name != "output"
    ]
    np.testing.assert_array_equal(np.concatenate(counts), predictions.hidden_counts)
    epoch = engine.train_epoch([batch], 1e-3)
    assert epoch.loss == pytest.approx(predictions.losses.mean())
    assert epoch.accuracy == (predictions.logits.argmax(axis=1) == batch.labels).mean()


def test_predicting_and_recording_learn_nothing() -> None:
    drawn, batch = make(plan=RICH)
    engine = drawn.engine(LOSS)
    engine.predict([batch])
    engine.record(batch, adjoints=True)
    engine.gradients(batch)
    assert all(np.array_equal(engine.weights[name], drawn.weights[name]) for name in drawn.weights)


def test_training_changes_what_is_trained_and_nothing_else() -> None:
    for learned in ("trained", "fixed"):
        drawn, batch = make(plan=replace(RICH, learned=learned))
        engine = drawn.engine(LOSS)
        engine.train_epoch([batch, batch], 1e-2)
        for name, weight in drawn.weights.items():
            assert np.array_equal(engine.weights[name], weight) == (name in drawn.network.fixed), name


def test_training_leaves_absent_synapses_absent_and_delays_within_their_range() -> None:
    drawn, batch = make(plan=RICH)
    engine = drawn.engine(LOSS, optimiser=Optimiser(delay_rate=1000.0))
    for _ in range(5):
        engine.train_epoch([batch], 1e-2)
    drawn.network.check(engine.weights)
    for c in drawn.network.connections:
        absent = drawn.weights[c.name] == 0
        np.testing.assert_array_equal(engine.weights[c.name][absent], 0)
        delays = engine.weights[f"{c.name}_delay"]
        assert delays.min() == 0
        assert delays.max() == np.float32(c.synapses.longest)


@pytest.mark.parametrize("plan", [PLAN, RICH])
def test_an_engine_continues_from_anothers_state_to_the_bit(plan: Plan) -> None:
    drawn, batch = make(plan=plan)
    whole = drawn.engine(LOSS)
    for _ in range(3):
        whole.train_epoch([batch], 1e-2)
    state = whole.state()
    resumed = make(seed=5, plan=plan)[0].engine(LOSS)
    resumed.load_state(state)
    for engine in (whole, resumed):
        for _ in range(3):
            engine.train_epoch([batch], 1e-2)
    one, other = whole.state(), resumed.state()
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    first = f"weights/{drawn.network.connections[0].name}"
    assert not np.array_equal(state[first], one[first])


def test_a_state_of_another_network_is_refused_and_changes_nothing() -> None:
    drawn, _ = make()
    engine = drawn.engine(LOSS)
    state = engine.state()
    state["weights/input_hidden"] = state["weights/input_hidden"] + 1
    state["adam_second/hidden_output"] = np.zeros((3, 3), dtype=np.float32)
    with pytest.raises(InputError, match=r"shape \(3, 3\) for adam_second/hidden_output"):
        engine.load_state(state)
    np.testing.assert_array_equal(engine.weights["input_hidden"], drawn.weights["input_hidden"])
    with pytest.raises(InputError, match="nothing for weights/"):
        engine.load_state({"adam_step": np.array(1)})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("drive", [0.3, 1.2])
def test_the_regulariser_alone_moves_rates_to_the_target(drive: float, mode: Mode) -> None:
    """From below and from above; with no output weights the loss itself says nothing about the hidden layer."""
    drawn, batch = make(plan=replace(PLAN, drive=drive))
    drawn.weights["hidden_output"][:] = 0
    target = 4.0
    engine = drawn.engine(LOSS, regulariser=Regulariser(strength=1.0, target=target), spike_times=mode)
    before = engine.predict([batch]).hidden_counts / len(batch)
    for _ in range(80):
        engine.train_epoch([batch], 5e-3)
    after = engine.predict([batch]).hidden_counts / len(batch)
    active = before > 0
    assert abs(before[active].mean() - target) > 1
    assert np.abs(after[active] - target).mean() < 0.6 * np.abs(before[active] - target).mean()


def test_neurons_silent_for_an_epoch_are_lifted_and_only_they() -> None:
    drawn, batch = make()
    drawn.weights["input_hidden"][:, 3] = -1.0
    drawn.weights["hidden_hidden"][:, 3] = 0.0
    engine = drawn.engine(LOSS, regulariser=Regulariser(lift=0.25))
    counts = engine.train_epoch([batch], 0.0).hidden_counts
    silent = counts == 0
    assert silent[3]
    assert not silent.all()
    moved = engine.weights["input_hidden"] - drawn.weights["input_hidden"]
    np.testing.assert_allclose(moved[:, silent], 0.25, rtol=1e-6)
    np.testing.assert_array_equal(moved[:, ~silent], 0)


def test_every_layers_silent_neurons_are_lifted_where_they_have_synapses() -> None:
    drawn, batch = make(plan=RICH)
    for name, neuron in (("input_hidden1", 4), ("hidden1_hidden2", 2)):
        weights = drawn.weights[name]
        weights[:, neuron] = -np.abs(weights[:, neuron])
    drawn.weights["hidden1_hidden1"][:, 4] = 0
    drawn.weights["hidden1_bias"][4] = drawn.weights["hidden2_bias"][2] = 0
    engine = drawn.engine(LOSS, regulariser=Regulariser(lift=0.25))
    silent = engine.train_epoch([batch], 0.0).hidden_counts == 0
    assert silent[4]
    assert silent[9 + 2]
    for name, part, lift in (("input_hidden1", silent[:9], 0.125), ("hidden1_hidden2", silent[9:], 0.25)):
        moved, present = engine.weights[name] - drawn.weights[name], drawn.weights[name] != 0
        np.testing.assert_allclose(moved, lift * (present & part), atol=1e-6)


NUMBERS = [name for name in draw(RICH, 0).weights if not name.endswith(("_delay", "_tau_mem", "_tau_syn"))]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", NUMBERS)
def test_parameters_that_are_not_numbers_show_in_the_loss(name: str, loss: str, mode: Mode) -> None:
    """A neuron whose voltage is NaN never spikes: it must not pass for a silent one."""
    drawn, batch = make(plan=RICH, loss=LOSSES[loss])
    drawn.weights[name].flat[:] = np.nan
    engine = drawn.engine(LOSSES[loss], spike_times=mode)
    assert np.isnan(engine.predict([batch]).losses).any()
    assert np.isnan([recording.logits for recording in engine.record(batch)]).any()
    assert np.isnan(engine.train_epoch([batch], 1e-3).loss)


TINY = Network(Input(4), (Hidden(3),), Leaky(2))
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another loss's output": ({"loss": FirstSpike()}, "observes first spikes, but the output neurons never spike"),
    "unknown spike times": ({"spike_times": "exact"}, 'spike_times is "exact"'),
    "a delay line off the grid": (
        {"network": replace(TINY, input=Input(2, DelayLine(2, 2.5)))},
        r"spacing is 2\.5 ms; it must be a whole number of steps of 1\.0 ms",
    ),
    "another network's weights": ({"network": replace(TINY, input=Input(5))}, r"shape \(4, 3\)"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_refused(what: str) -> None:
    changed, message = REFUSED[what]
    settings: dict[str, Any] = {"network": TINY, "loss": LOSS, "dt": 1.0, "steps": STEPS}
    weights = Initial().draw(TINY, 0)
    CpuEngine(Problem(**settings), weights)
    with pytest.raises(InputError, match=message):
        CpuEngine(Problem(**settings | changed), weights)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", LOSSES)
def test_batches_may_be_of_any_size_and_examples_empty(loss: str, mode: Mode) -> None:
    drawn, batch = make(loss=LOSSES[loss])
    engine = drawn.engine(LOSSES[loss], spike_times=mode)
    empty = SpikeBatch(batch.steps[:0], batch.units[:0], np.zeros(2, dtype=np.int64), batch.labels[:1])
    found = engine.gradients(empty)
    silent = {"windowed": np.log(4), "peak": np.log(4), "square": 0.5}
    if loss in silent:
        assert found.losses[0] == pytest.approx(silent[loss])
    assert all(np.all(g == 0) for g in found.weights.values())
    assert engine.record(empty, adjoints=True)[0].spike_table().empty
    assert engine.train_epoch([], 1e-3).examples == 0
    assert len(engine.predict([]).logits) == 0


def test_a_step_as_fine_as_you_like_takes_no_more_memory() -> None:
    """Memory belongs to spikes, not to steps: the table of the window is all that grows."""
    drawn, batch = make()
    peaks = {}
    for steps in (1000, 8000):
        # The same events in the same steps of a longer trial: the same spikes.
        engine = replace(drawn, duration=float(steps)).engine(CrossEntropy(Uniform()))
        engine.gradients(batch)
        tracemalloc.start()
        found = engine.gradients(batch)
        peaks[steps] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.hidden_counts.sum() > 100
    assert peaks[8000] < peaks[1000] + 10_000


def test_the_window_table_is_the_losss_own() -> None:
    engine = make()[0].engine(CrossEntropy(Gaussian(mu=0.3)))
    np.testing.assert_array_equal(engine.window_table, Gaussian(mu=0.3).table(STEPS))
