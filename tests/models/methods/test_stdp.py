"""Winner-take-all networks: the rules' windows, pairing, neurons, input, decoders, and runs by the same commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from stdp_toy import make_engine, make_problem, toy

from models.batch import SpikeBatch
from models.engines import registry
from models.errors import InputError
from models.losses import MaxOverTime
from models.methods.latency import CHANNELS, encode
from models.methods.stdp import decoders, inputs
from models.methods.stdp.neurons import Neurons, conductance_based, current_based
from models.methods.stdp.options import RuleKind, StdpOptions
from models.methods.stdp.plasticity import NONE, PAIRS, Plasticity, no_traces, note_input, note_spike, plasticity
from models.methods.stdp.present import Arrivals, State, at_rest, present
from models.methods.stdp.rules import windows
from models.network import DelayLine, Hidden, Input, Leaky, Network, Synapses

RULES: tuple[RuleKind, ...] = ("classical", "nanocomposite", "poly-p-xylylene")
RESOLUTION = 0.5
PUBLISHED: dict[str, Any] = {
    "rate": 800.0,
    "resolution": RESOLUTION,
    "conductance": 1.0,
    "competition": "always",
    "mean_weight": 0.0,
}
CHANCE = 1 / 3


def analytic(rule: RuleKind, apart: float, w: float) -> float:
    """The change of a weight by a pair ``apart`` ms apart, as published."""
    if rule == "classical":
        return 0.01 * np.exp(-apart / 20) if apart > 0 else -0.01 * 0.5534918994526379 * np.exp(apart / 20)
    if rule == "nanocomposite":
        if apart > 0:
            return 0.07376 * w * (np.tanh(-(apart - 26.7307) / 9.3006) + 1)
        return 0.049637 * w * np.tanh((apart + 22.3253) / -10.8118) - 0.049637 * w
    if apart > 0:
        return 0.3161977 * np.exp(-2.213043 * (1 - w)) * apart / 10 * np.exp(-0.0318394 * (apart / 10) ** 2)
    return -0.01129791 * np.exp(5.969397 * w) * -apart / 10 * np.exp(-0.1456832 * (apart / 10) ** 2)


def rule_of(rule: RuleKind, inputs: int = 1, hidden: int = 1) -> Plasticity:
    return plasticity(PAIRS, windows(rule, RESOLUTION), no_traces(), inputs, hidden)


def after(rule: RuleKind, start: float, spikes: list[tuple[float, str]]) -> float:
    """The weight after spikes of its input ("in") and its neuron ("out") at times in ms."""
    weights, own = np.full((1, 1), start, np.float32), rule_of(rule)
    for time, side in spikes:
        note = note_input if side == "in" else note_spike
        note(0, round(time / RESOLUTION), 0, own, weights)
    return float(weights[0, 0])


def pair(rule: RuleKind, start: float, apart: float) -> float:
    """The weight after one pair."""
    return after(rule, start, sorted([(1000.0, "in"), (1000.0 + apart, "out")], key=lambda spike: spike[0]))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("start", [0.2, 0.5, 0.9])
def test_a_pair_changes_a_weight_as_published(rule: RuleKind, start: float) -> None:
    for apart in (-499.0, -100.5, -40.0, -18.5, -5.0, -0.5, 0.5, 3.0, 20.0, 39.5, 80.0, 200.0, 499.0):
        wanted = min(max(start + analytic(rule, apart, start), 0.0), 1.0)
        assert pair(rule, start, apart) == pytest.approx(wanted, abs=1e-6), apart


@pytest.mark.parametrize("rule", RULES)
def test_weights_stay_within_bounds_and_far_pairs_change_nothing(rule: RuleKind) -> None:
    rng = np.random.default_rng(1)
    for start in (0.0, 0.01, 0.99, 1.0):
        times = np.sort(rng.choice(2000, 300, replace=False)) * RESOLUTION
        weight = after(rule, start, [(time, rng.choice(["in", "out"])) for time in times])
        assert 0 <= weight <= 1
    assert pair(rule, 0.5, 501.0) == 0.5
    assert pair(rule, 0.5, -501.0) == 0.5


def test_a_nanocomposite_weight_of_0_stays_0_and_one_pair_can_empty_a_full_poly_p_xylylene_synapse() -> None:
    assert all(pair("nanocomposite", 0.0, apart) == 0 for apart in (-30.0, -1.0, 1.0, 30.0))
    assert pair("poly-p-xylylene", 0.0, 39.5) > 0.05
    assert pair("poly-p-xylylene", 1.0, -18.5) == 0
    assert analytic("poly-p-xylylene", -18.5, 1.0) == pytest.approx(-5, abs=0.5)


def test_poly_p_xylylene_changes_most_at_its_published_peaks() -> None:
    grid = np.arange(1, 200) * RESOLUTION
    later = [pair("poly-p-xylylene", 0.1, apart) for apart in grid]
    sooner = [pair("poly-p-xylylene", 0.1, -apart) for apart in grid]
    assert grid[np.argmax(later)] == pytest.approx(10 / np.sqrt(2 * 0.0318394), abs=RESOLUTION)
    assert grid[np.argmin(sooner)] == pytest.approx(10 / np.sqrt(2 * 0.1456832), abs=RESOLUTION)


@pytest.mark.parametrize("rule", RULES)
def test_nearest_spikes_pair_in_order(rule: RuleKind) -> None:
    """Of the neuron's spikes each pairs with the input's last one; of the input's with the neuron's last one."""
    spikes = [(100.0, "in"), (104.0, "in"), (110.0, "out"), (118.0, "out"), (125.0, "in"), (140.0, "in")]
    weight = 0.4
    for apart in (110 - 104, 118 - 104, 118 - 125, 118 - 140):
        weight = min(max(weight + analytic(rule, apart, weight), 0.0), 1.0)
    assert after(rule, 0.4, spikes) == pytest.approx(weight, abs=1e-6)


def test_spikes_at_the_same_time_count_as_the_neurons_first() -> None:
    change = after("classical", 0.5, [(100.0, "out"), (100.0, "in")]) - 0.5
    assert change == pytest.approx(-0.01 * 0.5534919, abs=1e-7)


def arrivals_of(steps: int, *spikes: tuple[int, int]) -> Arrivals:
    """Input spikes of one example by step and input, in order."""
    count = np.bincount([step for step, _ in spikes], minlength=steps)
    starts = np.concatenate(([0], np.cumsum(count)))[None]
    which = np.array([i for _, i in spikes], np.int32)
    return Arrivals(starts, which, np.ones(len(which), np.float32))


def shown(
    arrivals: Arrivals, weights: Any, neurons: Neurons, steps: int, own: Plasticity | None = None, theta: float = -50.0
) -> tuple[np.ndarray, np.ndarray, State]:
    """Show one example; return spike counts, thresholds in mV and the state after it."""
    rows, hidden = weights.shape
    own = own or plasticity(NONE, windows("fixed", RESOLUTION), no_traces(), rows, hidden)
    counts, threshold, state = np.zeros(hidden, np.int64), np.full(hidden, theta, np.float32), at_rest(hidden, neurons)
    present(arrivals, 0, steps, weights, threshold, np.zeros(hidden, np.bool_), neurons, own, state, counts)
    return counts, threshold, state


def test_the_network_learns_by_the_times_of_its_own_spikes() -> None:
    """Input 1 makes the neuron spike in step 60; what input 0 did 40 steps before and 20 after gets its pair each."""
    neurons = conductance_based(StdpOptions(conductance=1000.0, resolution=RESOLUTION))
    weights, own = np.array([[0.0], [1.0]], np.float32), rule_of("classical", inputs=2)
    weights[0] = 1e-6
    arrivals = arrivals_of(100, (20, 0), (60, 1), (80, 0))
    counts, threshold, _ = shown(arrivals, weights, neurons, 100, own)
    assert counts.tolist() == [1]
    assert threshold[0] == pytest.approx(-49.95)
    later, sooner = (61 - 20) * RESOLUTION, (61 - 80) * RESOLUTION
    wanted = 1e-6 + analytic("classical", later, 0) + analytic("classical", sooner, 0)
    assert weights[0, 0] == pytest.approx(max(wanted, 0.0), abs=1e-7)


def test_voltage_follows_its_equation() -> None:
    """Against small Euler steps of the conductance equation, below threshold."""
    neurons = conductance_based(StdpOptions(**PUBLISHED))
    times = (3, 4, 4, 9, 15)
    _, _, state = shown(arrivals_of(30, *((t, 0) for t in times)), np.ones((1, 1), np.float32), neurons, 30)
    fine, v = 1e-3, -65.0
    for k in range(round(30 * RESOLUTION / fine)):
        t = k * fine
        g = sum(np.exp(-(t - s * RESOLUTION) / 1.0) for s in times if t >= s * RESOLUTION)
        v += fine * (100 / 130 * (-65 - v) + g * (0 - v)) / 100
    assert state.voltage[0] == pytest.approx(v, abs=0.01)


def test_current_based_neurons_have_the_response_of_exponential_currents() -> None:
    neurons = current_based(StdpOptions(**PUBLISHED))
    _, _, state = shown(arrivals_of(80, (10, 0)), np.ones((1, 1), np.float32), neurons, 80)
    t, mem, syn = (80 - 10) * RESOLUTION, 60.0, 5.0
    rise = (mem * syn / (mem - syn)) / 1.5374180586 * (np.exp(-t / mem) - np.exp(-t / syn))
    assert state.voltage[0] + 70 == pytest.approx(rise, rel=0.02)


def test_a_spike_inhibits_all_neurons_but_its_own() -> None:
    options = StdpOptions(conductance=1000.0, delay=2.0, inhibition=15.0, resolution=RESOLUTION)
    neurons = conductance_based(options)
    weights = np.array([[1.0, 0.0, 0.0]], np.float32)
    counts, _, state = shown(arrivals_of(40, (2, 0)), weights, neurons, 6)
    assert counts.tolist() == [1, 0, 0]
    np.testing.assert_array_equal(state.voltage, -65)
    counts, _, state = shown(arrivals_of(40, (2, 0)), weights, neurons, 40)
    assert state.voltage[1] == state.voltage[2] < -70
    _, _, free = shown(arrivals_of(40, (2, 0)), weights, neurons._replace(inhibition=0.0), 40)
    assert state.voltage[0] == free.voltage[0]


def test_receptive_fields_are_those_of_the_authors() -> None:
    lowest, highest = np.array([-2.0, 1.0], np.float32), np.array([7.0, 1.0], np.float32)
    found = inputs.responses(np.array([[1.0, 1.0]]), lowest, highest, 10).reshape(10, 2)
    deviation = 2 / 3 * 9 / 8
    wanted = np.exp(-((1 - (-2 + np.arange(10))) ** 2) / 2 / deviation**2)
    np.testing.assert_allclose(found[:, 0], np.where(wanted < 0.09, 0, wanted))
    np.testing.assert_array_equal(found[:, 1], 1)


@pytest.mark.parametrize("resolution", [0.5, 1.0])
def test_poisson_spikes_have_their_rates_and_variance(resolution: float) -> None:
    options = StdpOptions(input="receptive-fields", rate=800.0, duration=20000.0, resolution=resolution)
    rng = np.random.default_rng(3)
    found = inputs.poisson(np.array([[0.0, 0.25, 1.0]]), options, lambda b, shape: rng.random(shape))
    for i, rate in enumerate((0.018, 200.0, 800.0)):
        wanted = rate * 20
        assert found.many[found.inputs == i].sum() == pytest.approx(wanted, abs=4 * np.sqrt(wanted) + 4)
    raster = np.zeros(found.starts.shape[1] - 1)
    for step in range(len(raster)):
        part = slice(found.starts[0, step], found.starts[0, step + 1])
        raster[step] = found.many[part][found.inputs[part] == 2].sum()
    assert raster.var() == pytest.approx(raster.mean(), rel=0.1)


def test_events_arrive_at_the_beginning_of_their_step_and_again_by_the_delay_line() -> None:
    batch = SpikeBatch(
        np.array([0, 3, 1], np.int32), np.array([1, 0, 2], np.int32), np.array([0, 2, 3]), np.array([0, 1])
    )
    found = inputs.of_events(batch, Input(3, DelayLine(2, 4.0)), dt=2.0, steps=5, resolution=0.5)
    seen = [
        (b, step, int(i))
        for b in range(2)
        for step in range(20)
        for i in found.inputs[found.starts[b, step] : found.starts[b, step + 1]]
    ]
    assert seen == [(0, 0, 1), (0, 8, 4), (0, 12, 0), (1, 4, 2), (1, 12, 5)]


def coded(values: np.ndarray, labels: np.ndarray, dt: float = 1.0) -> SpikeBatch:
    """Numbers as the latency code on a grid."""
    steps = (encode(values).astype(np.float64) / dt).astype(np.int32)
    order = np.argsort(steps, axis=1, kind="stable")
    offsets = np.arange(len(values) + 1) * values.shape[1]
    return SpikeBatch(np.take_along_axis(steps, order, axis=1).ravel(), order.astype(np.int32).ravel(), offsets, labels)


@pytest.mark.parametrize("rule", get_args(RuleKind))
@pytest.mark.parametrize("decoder", ["logistic", "assignment", "one-neuron-a-class"])
def test_a_toy_problem_is_learned_and_fixed_weights_stay(rule: RuleKind, decoder: Any) -> None:
    """Poly-p-xylylene's window depresses inputs at 40 Hz, so that without a decoder that learns it can't tell them."""
    options = StdpOptions(rule=rule, decoder=decoder, **(PUBLISHED if decoder == "one-neuron-a-class" else {}))
    engine = make_engine(make_problem(options, 3 if decoder == "one-neuron-a-class" else 12))
    before = engine.weights
    epoch = engine.train_epoch([toy(30), toy(30, seed=1)], 1e-3)
    said = engine.predict([toy(30, seed=2)])
    assert epoch.examples == 60
    if rule == "fixed":
        np.testing.assert_array_equal(engine.weights["input_hidden"], before["input_hidden"])
    else:
        assert (engine.weights["input_hidden"] != before["input_hidden"]).any()
        if (rule, decoder) != ("poly-p-xylylene", "one-neuron-a-class"):
            assert (said.logits.argmax(axis=1) == toy(30).labels).mean() > 1.9 * CHANCE


def test_receptive_fields_are_fitted_once_and_learned_from() -> None:
    rng = np.random.default_rng(2)
    labels = np.arange(30) % 3
    values = rng.normal(0, 5, (30, CHANNELS)) + 60 * (np.arange(CHANNELS) % 3 == labels[:, None])
    engine = make_engine(make_problem(StdpOptions(input="receptive-fields", duration=50.0), 6, CHANNELS, 700))
    engine.train_epoch([coded(values[:15], labels[:15]), coded(values[15:], labels[15:])], 1e-3)
    fitted = engine.weights["field_highest"]
    unit = values / np.linalg.norm(values, axis=1, keepdims=True)
    np.testing.assert_allclose(fitted, unit.max(axis=0), atol=0.02)
    said = engine.predict([coded(values, labels)])
    assert (said.logits.argmax(axis=1) == labels).mean() > 2 * CHANCE
    engine.train_epoch([coded(values / 2 + 3, labels)], 1e-3)
    np.testing.assert_array_equal(engine.weights["field_highest"], fitted)
    alone = engine.predict([coded(values[3:4], labels[3:4])]).logits
    np.testing.assert_array_equal(alone, engine.predict([coded(values, labels)]).logits[3:4])


def counts_and_drive(**options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Spike counts of examples, and summed inputs by fixed random weights, both of shape (examples, hidden)."""
    rng = np.random.default_rng(4)
    batch = coded(rng.normal(0, 50, (12, CHANNELS)), np.arange(12) % 3)
    settings = StdpOptions(input="receptive-fields", rule="fixed", **options)
    engine = make_engine(make_problem(settings, 40, CHANNELS, 700))
    engine.train_epoch([batch], 1e-3)
    weights = engine.weights
    fields = weights["field_lowest"], weights["field_highest"], engine.options.fields
    drive = inputs.responses(engine._values(batch), *fields) @ weights["input_hidden"]
    return engine._counts(batch), drive


def test_counts_say_how_well_weights_fit_an_example_unless_neurons_spike_in_volleys() -> None:
    counts, drive = counts_and_drive()
    assert np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(counts, drive, strict=True)]) > 0.6
    assert counts.std(axis=1).mean() > 0.04 * counts.mean()
    counts, _ = counts_and_drive(**PUBLISHED)
    assert counts.std(axis=1).mean() < 0.03 * counts.mean()


def test_each_neurons_weights_keep_their_mean() -> None:
    engine = make_engine(make_problem(StdpOptions(amplitude=1e-9, mean_weight=0.3)))
    before = engine.weights["input_hidden"]
    engine.train_epoch([toy(3)], 1e-3)
    np.testing.assert_allclose(engine.weights["input_hidden"], before * (0.3 / before.mean(axis=0)), atol=1e-5)
    engine = make_engine(make_problem(StdpOptions(mean_weight=0.9)))
    engine.train_epoch([toy(3)], 1e-3)
    assert engine.weights["input_hidden"].max() <= 1
    engine = make_engine(make_problem(StdpOptions(amplitude=1e-9, mean_weight=0.0)))
    engine.train_epoch([toy(3)], 1e-3)
    np.testing.assert_allclose(engine.weights["input_hidden"], before, atol=1e-5)


def test_neurons_inhibit_each_other_in_answers_if_competition_is_always_there() -> None:
    counts = {}
    for competition in ("learning", "always"):
        options = StdpOptions(rule="fixed", conductance=2.0, competition=competition)
        engine = make_engine(make_problem(options))
        engine.train_epoch([toy(6)], 1e-3)
        counts[competition] = engine.predict([toy(6)]).hidden_counts.sum()
        alone = make_engine(make_problem(StdpOptions(rule="fixed", conductance=2.0, inhibition=0.0)))
        assert (counts[competition] == alone.predict([toy(6)]).hidden_counts.sum()) == (competition == "learning")
    assert counts["always"] < counts["learning"]


def test_it_goes_on_from_its_state_to_the_bit_and_threads_change_nothing() -> None:
    rng = np.random.default_rng(2)
    batch = coded(rng.normal(0, 50, (9, CHANNELS)), np.arange(9) % 3)
    problem = make_problem(StdpOptions(input="receptive-fields", duration=30.0), 6, CHANNELS, 700)
    whole, part, rest = make_engine(problem), make_engine(problem), make_engine(problem, threads=2)
    for _ in range(3):
        whole.train_epoch([batch], 1e-3)
    assert whole.state()["adam_step"] == 3 * 9, "examples so far, which Poisson spikes are drawn by"
    part.train_epoch([batch], 1e-3)
    rest.load_state(part.state())
    for _ in range(2):
        rest.train_epoch([batch], 1e-3)
    for name, array in whole.state().items():
        np.testing.assert_array_equal(rest.state()[name], array)


def test_decoders() -> None:
    counts = np.array([[9, 0, 1, 0], [7, 1, 1, 0], [0, 4, 1, 0], [1, 6, 1, 0]])
    labels = np.array([2, 2, 0, 0])
    matrix, bias = decoders.assignment(counts, labels, 3)
    np.testing.assert_array_equal(matrix, [[0, 0, 1], [0.5, 0, 0], [0.5, 0, 0], [0, 0, 0]])
    assert not bias.any()
    matrix, bias = decoders.logistic(counts, labels, 3, 1.0)
    said = counts @ matrix + bias
    np.testing.assert_array_equal(said.argmax(axis=1), labels)
    assert (said[:, 1] < said[:, [0, 2]].max(axis=1)).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"loss": MaxOverTime()}, 'reports the loss "cross-entropy"'),
        ({"spike_times": "interpolated"}, "interpolated"),
        ({"dt": 1.7}, r"data.dt = 1.7 ms into whole steps of training.options.resolution, which is 1.0 ms"),
        ({"network": Network(Input(9), (Hidden(4), Hidden(4)), Leaky(3))}, "one layer"),
        ({"network": Network(Input(9), (Hidden(4, synapses=Synapses(0.5)),), Leaky(3))}, "absent synapses"),
    ],
)
def test_what_it_can_not_do_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        registry.choose(replace(make_problem(StdpOptions()), **change), "cpu")


def test_impossible_options_and_too_few_neurons_are_refused() -> None:
    for name, value in {"fields": 2, "resolution": 0.0, "inhibition": -1.0, "amplitude": 0.0}.items():
        with pytest.raises(InputError, match=name):
            StdpOptions(**{name: value})  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"network.hidden is 2; neurons stand for 3 classes"):
        make_engine(make_problem(StdpOptions(decoder="one-neuron-a-class"), 2))
    with pytest.raises(InputError, match="follows no gradient"):
        make_engine(make_problem(StdpOptions())).gradients(toy(3))


def test_operations_are_counted_by_spikes() -> None:
    engine, batch = make_engine(make_problem(StdpOptions(rule="fixed", competition="always"), 12)), toy(6)
    engine.train_epoch([batch], 1e-3)
    found, said = engine.operations([batch]), engine.predict([batch])
    spikes = said.hidden_counts.sum() / 6
    assert found.hidden_spikes == pytest.approx(spikes)
    assert found.accumulates == pytest.approx(len(batch.units) / 6 * 12 + spikes * (11 + 3))
    assert found.parameters == 12 + 12 * 3 + 3


def test_events_that_are_no_latency_code_are_refused_with_the_ear_that_makes_one() -> None:
    engine = make_engine(make_problem(StdpOptions(input="receptive-fields")))
    with pytest.raises(InputError, match=r'"receptive-fields", but .*the ear "mfcc" makes one'):
        engine.train_epoch([toy(3)], 1e-3)
