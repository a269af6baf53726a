"""What must not matter: names of neurons, order of examples, threads, capacity, and how a network is written down."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from event_nets import LONGEST, Drawn, Plan, draw
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from models.batch import SpikeBatch
from models.engines.base import Gradients
from models.engines.cpu import layer as layer_module
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare
from models.network import Connection, DelayLine, Input, Synapses
from models.recording import Recording
from models.regulariser import Regulariser
from models.windows import Gaussian

Mode = Literal["plain", "interpolated"]
MODES: list[Mode] = ["plain", "interpolated"]
LOSS = CrossEntropy(Gaussian(mu=0.4, sigma=0.2), scale=5.0)
LOSSES: dict[str, Loss] = {
    "windowed": LOSS,
    "peak": MaxOverTime(scale=2.0),
    "square": MeanSquare(Gaussian()),
    "first spike": FirstSpike(temperature=10.0, early=0.1, tau=50.0),
}
STEPS = 100
PLAN = Plan(((17, True),), channels=12, classes=4, drive=0.6)
RICH = Plan(
    ((9, True), (7, True)),
    channels=6,
    copies=2,
    delayed=("input", "recurrent", "feedforward", "output"),
    constants=("hidden", "output"),
    bias=True,
    density=0.6,
    classes=4,
)


def make(plan: Plan = PLAN, seed: int = 0, trials: int = 11, loss: Loss = LOSS) -> tuple[Drawn, SpikeBatch]:
    drawn = draw(plan, seed, spiking=isinstance(loss, FirstSpike), trials=trials)
    return drawn, drawn.batch()


def gradients(
    drawn: Drawn, batch: SpikeBatch | None = None, mode: Mode = "plain", loss: Loss = LOSS, threads: int = 1
) -> Gradients:
    engine = drawn.engine(loss, threads=threads, regulariser=Regulariser(strength=1e-3, target=3.0), spike_times=mode)
    return engine.gradients(drawn.batch() if batch is None else batch)


def assert_same(one: Gradients, other: Gradients) -> None:
    """To the bit."""
    np.testing.assert_array_equal(one.logits, other.logits)
    np.testing.assert_array_equal(one.losses, other.losses)
    np.testing.assert_array_equal(one.hidden_counts, other.hidden_counts)
    assert one.weights.keys() == other.weights.keys()
    for name in one.weights:
        np.testing.assert_array_equal(one.weights[name], other.weights[name])


def assert_close(one: np.ndarray, other: np.ndarray) -> None:
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=5e-4 * np.abs(one).max())


def reorder(batch: SpikeBatch, order: np.ndarray) -> SpikeBatch:
    parts = [slice(batch.offsets[b], batch.offsets[b + 1]) for b in order]
    return SpikeBatch(
        np.concatenate([batch.steps[p] for p in parts]),
        np.concatenate([batch.units[p] for p in parts]),
        np.cumsum([0, *(p.stop - p.start for p in parts)]),
        batch.labels[order],
    )


PLANS = st.builds(
    Plan,
    layers=st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=3).map(tuple),
    channels=st.integers(1, 12),
    copies=st.integers(1, 3),
    delayed=st.sets(st.sampled_from(["input", "recurrent", "feedforward", "output"])).map(lambda s: tuple(sorted(s))),
    constants=st.sets(st.sampled_from(["hidden", "output"])).map(lambda s: tuple(sorted(s))),
    learned=st.sampled_from(["fixed", "trained"]),
    bias=st.booleans(),
    density=st.sampled_from([0.4, 1.0]),
    classes=st.integers(2, 5),
    drive=st.floats(0.5, 3.0),
)


@given(
    plan=PLANS,
    loss=st.sampled_from(list(LOSSES)),
    mode=st.sampled_from(MODES),
    trials=st.integers(1, 19),
    seed=st.integers(0, 2**31),
)
@examples(80)
def test_threads_change_no_bit_and_recordings_agree_with_predictions(
    plan: Plan, loss: str, mode: Mode, trials: int, seed: int
) -> None:
    drawn, batch = make(plan, seed, trials, LOSSES[loss])
    one, two = (gradients(drawn, batch, mode, LOSSES[loss], threads) for threads in (1, 2))
    assert_same(one, two)

    ends = []
    for threads in (1, 2):
        engine = drawn.engine(LOSSES[loss], threads=threads, spike_times=mode)
        engine.train_epoch([batch, batch], 1e-2)
        ends.append(engine.state())
    assert ends[0]["adam_step"] == 2
    for name, array in ends[0].items():
        np.testing.assert_array_equal(array, ends[1][name])

    engine = drawn.engine(LOSSES[loss], spike_times=mode)
    recordings, predictions = engine.record(batch), engine.predict([batch])
    np.testing.assert_array_equal([r.logits for r in recordings], predictions.logits)
    np.testing.assert_array_equal(predictions.logits, one.logits)
    counts = [
        np.bincount(np.concatenate([r.spikes[name].neurons for r in recordings]), minlength=population.size)
        for name, population in drawn.network.populations.items()
        if name != "output"
    ]
    np.testing.assert_array_equal(np.concatenate(counts), predictions.hidden_counts)
    for recording in recordings:
        assert all(np.all(np.diff(spikes.times) >= 0) for spikes in recording.spikes.values())
        assert_shown(recording, LOSSES[loss], mode)


def assert_shown(recording: Recording, loss: Loss, mode: Mode) -> None:
    """Logits are what the recorded output makes of them."""
    voltages = recording.voltages["output"].astype(np.float64)
    assert voltages.shape == (STEPS, len(recording.logits))
    if isinstance(loss, FirstSpike):
        output = recording.spikes["output"]
        times = [output.times[output.neurons == k] for k in range(len(recording.logits))]
        np.testing.assert_allclose(recording.logits, [-min(of, default=float(STEPS)) for of in times], rtol=1e-6)
    elif isinstance(loss, MaxOverTime):
        np.testing.assert_allclose(recording.logits, loss.scale * voltages.max(axis=0), rtol=1e-6)
    else:
        scale = loss.scale if isinstance(loss, CrossEntropy) else 1.0
        # An interpolated readout is the integral itself, which samples only come near to.
        tolerance = 0.05 if mode == "interpolated" and isinstance(loss, CrossEntropy) else 1e-5
        shown = scale * (loss.readout.table(STEPS)[:, None] * voltages).mean(axis=0)
        np.testing.assert_allclose(recording.logits, shown, atol=tolerance * scale * np.abs(voltages).max() + 1e-6)


def renamed(drawn: Drawn, orders: dict[str, np.ndarray]) -> Drawn:
    """Return the network with its neurons in another order."""
    weights = dict(drawn.weights)
    for c in drawn.network.connections:
        for name in (c.name, f"{c.name}_delay"):
            if name in drawn.weights:
                weights[name] = in_order(drawn.weights[name], c, orders)
    for name, order in orders.items():
        for key in ("bias", "tau_mem", "tau_syn"):
            if f"{name}_{key}" in drawn.weights:
                weights[f"{name}_{key}"] = drawn.weights[f"{name}_{key}"][order]
    return replace(drawn, weights=weights)


def in_order(matrix: np.ndarray, c: Connection, orders: dict[str, np.ndarray]) -> np.ndarray:
    rows, columns = orders.get(c.source, np.arange(c.shape[0])), orders.get(c.target, np.arange(c.shape[1]))
    ordered: np.ndarray = matrix[np.ix_(rows, columns)]
    return ordered


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("plan", [PLAN, RICH])
def test_renaming_hidden_neurons_renames_their_gradients(plan: Plan, mode: Mode) -> None:
    drawn, batch = make(plan, trials=3)
    rng = np.random.default_rng(0)
    populations = drawn.network.populations
    orders = {name: rng.permutation(p.size) for name, p in populations.items() if name != "output"}
    one, other = gradients(drawn, batch, mode), gradients(renamed(drawn, orders), batch, mode)
    begin = np.cumsum([0, *(len(order) for order in orders.values())])
    whole = np.concatenate([order + first for order, first in zip(orders.values(), begin, strict=False)])
    np.testing.assert_array_equal(one.hidden_counts[whole], other.hidden_counts)
    np.testing.assert_allclose(one.logits, other.logits, rtol=1e-3, atol=1e-4)
    for c in drawn.network.connections:
        for name in {c.name, f"{c.name}_delay"} & one.weights.keys():
            assert_close(in_order(one.weights[name], c, orders), other.weights[name])
    for name, order in orders.items():
        for key in ("bias", "tau_mem", "tau_syn"):
            if f"{name}_{key}" in one.weights:
                assert_close(one.weights[f"{name}_{key}"][order], other.weights[f"{name}_{key}"])


@pytest.mark.parametrize("mode", MODES)
def test_renaming_channels_renames_their_gradients(mode: Mode) -> None:
    drawn, batch = make()
    order = np.random.default_rng(1).permutation(drawn.network.input.channels)
    place = np.argsort(order)
    units, steps = place[batch.units], batch.steps
    example = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
    by_unit = np.lexsort((units, steps, example))
    other_batch = replace(batch, units=units[by_unit].astype(np.int32), steps=steps[by_unit])
    moved = {**drawn.weights, "input_hidden": drawn.weights["input_hidden"][order]}
    one, other = gradients(drawn, batch, mode), gradients(replace(drawn, weights=moved), other_batch, mode)
    np.testing.assert_array_equal(one.hidden_counts, other.hidden_counts)
    assert_close(one.weights["input_hidden"][order], other.weights["input_hidden"])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", [PLAN, RICH])
def test_the_order_of_examples_changes_neither_logits_nor_the_mean_gradient(plan: Plan, loss: str, mode: Mode) -> None:
    drawn, batch = make(plan, loss=LOSSES[loss])
    order = np.random.default_rng(2).permutation(len(batch))
    one, other = (gradients(drawn, b, mode, LOSSES[loss]) for b in (batch, reorder(batch, order)))
    np.testing.assert_array_equal(one.logits[order], other.logits)
    np.testing.assert_array_equal(one.losses[order], other.losses)
    for name in one.weights:
        assert_close(one.weights[name], other.weights[name])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", [PLAN, RICH])
def test_a_batchs_gradient_is_the_mean_of_its_examples_gradients(plan: Plan, loss: str, mode: Mode) -> None:
    drawn, batch = make(plan, loss=LOSSES[loss])
    engine = drawn.engine(LOSSES[loss], spike_times=mode)
    alone = [engine.gradients(reorder(batch, np.array([b]))).weights for b in range(len(batch))]
    together = engine.gradients(batch).weights
    for name in together:
        assert_close(np.mean([g[name] for g in alone], axis=0), together[name])


def test_batches_do_not_change_predictions() -> None:
    drawn, batch = make()
    engine = drawn.engine(LOSS)
    whole = engine.predict([batch])
    parts = engine.predict([reorder(batch, np.arange(0, 5)), reorder(batch, np.arange(5, len(batch)))])
    np.testing.assert_array_equal(whole.logits, parts.logits)
    np.testing.assert_array_equal(whole.losses, parts.losses)
    np.testing.assert_array_equal(whole.hidden_counts, parts.hidden_counts)


@pytest.mark.parametrize("mode", MODES)
def test_no_recurrence_is_recurrence_with_zero_weights(mode: Mode) -> None:
    drawn, batch = make()
    silent = {**drawn.weights, "hidden_hidden": np.zeros_like(drawn.weights["hidden_hidden"])}
    without = {name: w for name, w in drawn.weights.items() if name != "hidden_hidden"}
    with_zeros = replace(drawn, weights=silent)
    plain = replace(drawn, weights=without, network=replace(PLAN, layers=((17, False),)).network())
    pairs = (made.engine(LOSS, spike_times=mode).record(batch) for made in (with_zeros, plain))
    for one, other in zip(*pairs, strict=True):
        np.testing.assert_array_equal(one.spikes["hidden"].neurons, other.spikes["hidden"].neurons)
        np.testing.assert_allclose(one.spikes["hidden"].times, other.spikes["hidden"].times, atol=1e-5)
        np.testing.assert_allclose(one.voltages["output"], other.voltages["output"], atol=1e-4)
    one, other = gradients(with_zeros, batch, mode), gradients(plain, batch, mode)
    assert_close(one.weights["input_hidden"], other.weights["input_hidden"])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_the_same_for_all_neurons_may_be_written_down_for_each(loss: str, mode: Mode) -> None:
    """Shared time constants, no delays, no biases, all synapses there: or each said of each neuron and synapse."""
    plan = Plan(((9, True), (7, True)), copies=2, classes=4)
    drawn, batch = make(plan, trials=3, loss=LOSSES[loss])
    spelt = replace(plan, constants=("hidden", "output"), bias=True, density=0.5, delayed=RICH.delayed)
    other = replace(drawn, network=spelt.network(spiking=loss == "first spike"))
    every = dict(drawn.weights)
    for name, shape in other.network.shapes.items():
        value = 20.0 if name.endswith("tau_mem") else 5.0 if name.endswith("tau_syn") else 0.0
        every.setdefault(name, np.full(shape, value, dtype=np.float32))
    other = replace(other, weights=every)
    one, two = gradients(drawn, batch, mode, LOSSES[loss]), gradients(other, batch, mode, LOSSES[loss])
    if mode == "interpolated":
        # Ages enter by their first powers where there are delays, so that the two go apart.
        np.testing.assert_allclose(one.hidden_counts, two.hidden_counts, atol=3)
        return
    np.testing.assert_array_equal(one.hidden_counts, two.hidden_counts)
    np.testing.assert_allclose(one.logits, two.logits, rtol=1e-4, atol=1e-4)
    for name, gradient in one.weights.items():
        assert_close(gradient, two.weights[name])


@pytest.mark.parametrize("mode", MODES)
def test_neurons_with_time_constants_of_their_own_are_like_networks_that_share_them(mode: Mode) -> None:
    drawn, batch = make(Plan(((6, False),), constants=("hidden",)), trials=3)
    together = drawn.engine(LOSS, spike_times=mode).record(batch)
    for j in range(6):
        tau_mem, tau_syn = (float(drawn.weights[f"hidden_{key}"][j]) for key in ("tau_mem", "tau_syn"))
        [hidden] = drawn.network.hidden
        shared = replace(hidden, time_constants="shared", tau_mem=tau_mem, tau_syn=tau_syn)
        weights = {name: drawn.weights[name] for name in ("input_hidden", "hidden_output")}
        alone = replace(drawn, network=replace(drawn.network, hidden=(shared,)), weights=weights)
        for one, other in zip(together, alone.engine(LOSS, spike_times=mode).record(batch), strict=True):
            np.testing.assert_allclose(one.voltages["hidden"][:, j], other.voltages["hidden"][:, j], atol=1e-5)


@pytest.mark.parametrize("mode", MODES)
def test_an_absent_synapse_is_one_of_weight_zero(mode: Mode) -> None:
    drawn, batch = make(replace(PLAN, density=0.4))
    dense = replace(drawn, network=PLAN.network())
    one, other = (made.engine(LOSS, spike_times=mode).gradients(batch) for made in (drawn, dense))
    assert_same(one, other)


@pytest.mark.parametrize("mode", MODES)
def test_a_delay_line_is_a_larger_input_with_shifted_copies(mode: Mode) -> None:
    """The readers of a delay line see what a network of three times the channels sees of events written out."""
    copies, delay, channels = 3, 9, 12
    drawn, batch = make(replace(PLAN, copies=copies))
    line = replace(drawn.network, input=Input(channels, DelayLine(copies, float(delay))))
    plain = replace(drawn.network, input=Input(channels * copies))
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
    found = gradients(replace(drawn, network=line), batch, mode)
    assert found.hidden_counts.sum() > 20
    assert_same(found, gradients(replace(drawn, network=plain), written_out, mode))


@pytest.mark.parametrize("mode", MODES)
def test_a_delay_line_is_synapses_with_fixed_delays(mode: Mode) -> None:
    """Copies of the channels, all in step with the events, whose synapses are slower by one more spacing a copy."""
    copies, delay, channels = 2, 9, 8
    drawn, batch = make(Plan(((9, False),), copies=copies, classes=4))
    line = replace(drawn, network=replace(drawn.network, input=Input(channels, DelayLine(copies, float(delay)))))
    [hidden] = drawn.network.hidden
    slow = replace(hidden, synapses=Synapses(delays="fixed", longest=LONGEST))
    delays = np.repeat(np.arange(copies) * delay, channels)[:, None] * np.ones((1, 9))
    copied = replace(
        drawn,
        network=replace(drawn.network, input=Input(channels * copies), hidden=(slow,)),
        weights={**drawn.weights, "input_hidden_delay": delays.astype(np.float32)},
    )
    written_out = SpikeBatch(
        np.repeat(batch.steps, copies),
        (batch.units[:, None] + channels * np.arange(copies)).ravel().astype(np.int32),
        batch.offsets * copies,
        batch.labels,
    )
    one, other = gradients(line, batch, mode), gradients(copied, written_out, mode)
    np.testing.assert_array_equal(one.hidden_counts, other.hidden_counts)
    for name, gradient in one.weights.items():
        assert_close(gradient, other.weights[name])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("loss", LOSSES)
def test_more_spikes_than_expected_are_all_kept(loss: str, mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, batch = make(loss=LOSSES[loss])
    drawn.weights["input_hidden"][:] = np.abs(drawn.weights["input_hidden"]) * 20
    monkeypatch.setattr(layer_module, "FIRST_CAPACITY", STEPS)
    roomy = gradients(drawn, batch, mode, LOSSES[loss])
    monkeypatch.setattr(layer_module, "FIRST_CAPACITY", 1)
    tight = gradients(drawn, batch, mode, LOSSES[loss])
    assert roomy.hidden_counts.sum() > 3 * len(batch) * drawn.network.hidden_size
    assert_same(roomy, tight)


@pytest.mark.parametrize("mode", MODES)
def test_room_that_is_just_enough_gives_silent_outputs_no_spike(mode: Mode) -> None:
    loss = LOSSES["first spike"]
    drawn, batch = make(loss=loss, trials=1)
    drawn.weights["hidden_output"][:, 1:] = 0.0
    [recording] = drawn.engine(loss, spike_times=mode).record(batch)
    count = len(recording.spikes["output"].times)
    assert count > 0
    engine = drawn.engine(loss, spike_times=mode)
    engine.output.layer._capacity = count
    np.testing.assert_array_equal(engine.predict([batch]).logits[0], recording.logits)
    assert np.all(recording.logits[1:] == -STEPS)
