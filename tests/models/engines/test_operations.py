"""What an example costs: networks that are counted by hand, and every operation one by one from recorded spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw
from torch_extra import needs_torch

from models.batch import SpikeBatch
from models.engines import registry
from models.engines.base import Engine
from models.engines.cpu.engine import CpuEngine
from models.engines.entry import Resources
from models.initialisers import Initial
from models.losses import CrossEntropy
from models.methods.ann.entry import ENTRY as NUMBERS
from models.methods.ann.options import AnnOptions
from models.methods.conversion.entry import ENTRY as CONVERSION
from models.methods.conversion.options import ConversionOptions
from models.methods.parallel_lif.options import ParallelOptions
from models.network import DelayLine, Hidden, Input, Leaky, Network, Synapses
from models.problem import Problem
from models.windows import Gaussian

PLANS = {
    "recurrent": Plan(((8, True),)),
    "layers": Plan(((8, True), (6, False), (5, True)), bias=True, constants=("hidden",)),
    "sparse": Plan(((9, True), (7, True)), density=0.5, delayed=("input", "feedforward")),
    "delay line": Plan(((8, False),), channels=4, copies=3, drive=3.0),
}
LOSS = CrossEntropy(Gaussian(), 5.0)


def by_method(drawn: Drawn, method: str, engine: str, options: Any = None) -> Engine:
    problem = drawn.problem(LOSS, method=method, options=options)
    entry = registry.find(engine, method)
    assert entry.refusal(problem) is None
    return entry.make(problem, drawn.weights, Resources(threads=1, device="cpu"))


def one_by_one(drawn: Drawn, engine: Engine) -> int:
    """Return a batch's accumulates: each event and each recorded spike at each synapse."""
    network, weights, done = drawn.network, drawn.weights, 0
    for trial, recording in zip(drawn.trials, engine.record(drawn.batch()), strict=True):
        for c in network.connections:
            if c.kind == "input":
                line = network.input.delay_line
                sources = [
                    copy * network.input.channels + unit
                    for time, unit in zip(trial.times, trial.units, strict=True)
                    for copy in range(line.copies)
                    if time + copy * line.spacing < drawn.duration
                ]
            else:
                sources = list(recording.spikes[c.source].neurons)
            done += sum(weights[c.name][source, target] != 0 for source in sources for target in range(c.shape[1]))
    return done


def test_a_network_that_is_counted_by_hand() -> None:
    # The channel's event at step 3 has a copy at 5; the one at step 7 has one at 9, beyond the trial. Each drives both
    # neurons over the threshold at once but for the absent synapse of the second row.
    network = Network(
        Input(1, DelayLine(2, 2.0)), (Hidden(2, recurrent=None, synapses=Synapses(0.7)),), Leaky(3, bias=True)
    )
    weights = {
        "input_hidden": np.array([[1000, 1000], [1000, 0]], np.float32),
        "hidden_output": np.ones((2, 3), np.float32),
        "output_bias": np.zeros(3, np.float32),
    }
    batch = SpikeBatch(np.array([3, 7], np.int32), np.zeros(2, np.int32), np.array([0, 2, 2]), np.zeros(2, np.int64))
    engine = CpuEngine(Problem(network, LOSS, 1.0, 9), weights, 1)
    found = engine.operations([batch])
    # Spikes at every step from the first event on: the input is a thousand times what is needed.
    spikes = sum(len(of.spikes["hidden"].neurons) for of in engine.record(batch))
    assert spikes == 2 * 6
    # Halves, since the second example has no events.
    assert found.accumulates == (2 * 2 + 1 * 1 + spikes * 3) / 2
    assert found.hidden_spikes == spikes / 2
    assert found.macs == 0
    assert found.dense == 9 * (4 + 6)
    assert found.parameters == 3 + 6 + 3
    assert engine.operations([]).accumulates == 0


@pytest.mark.parametrize("name", PLANS)
def test_accumulates_are_those_of_recorded_spikes(name: str) -> None:
    drawn = draw(PLANS[name], 3, trials=3)
    engine, batch = drawn.engine(LOSS), drawn.batch()
    found = engine.operations([batch])
    assert found.accumulates == pytest.approx(one_by_one(drawn, engine) / 3)
    assert found.hidden_spikes == pytest.approx(engine.predict([batch]).hidden_counts.sum() / 3)
    assert found.hidden_spikes > 20
    part = slice(0, batch.offsets[1])
    first = SpikeBatch(batch.steps[part], batch.units[part], batch.offsets[:2], batch.labels[:1])
    rest = SpikeBatch(
        batch.steps[batch.offsets[1] :], batch.units[batch.offsets[1] :], batch.offsets[1:] - batch.offsets[1],
        batch.labels[1:],
    )  # fmt: skip
    assert engine.operations([first, rest]) == found


def test_parameters_are_those_that_are_trained() -> None:
    drawn = draw(PLANS["sparse"], 1)
    w = drawn.weights
    there = {c.name: np.count_nonzero(w[c.name]) for c in drawn.network.connections}
    delays = there["input_hidden1"] + there["hidden1_hidden2"]
    assert drawn.engine(LOSS).operations([]).parameters == sum(there.values()) + delays
    fixed = draw(Plan(((8, False),), delayed=("input",), constants=("hidden",), learned="fixed", bias=True), 1)
    assert fixed.engine(LOSS).operations([]).parameters == 8 * 8 + 8 * 3 + 8 + 3


@pytest.mark.parametrize("name", ["recurrent", "delay line"])
def test_of_e_prop_too(name: str) -> None:
    drawn = draw(PLANS[name], 3, trials=3)
    engine = by_method(drawn, "e-prop", "cpu", registry.options("e-prop")())  # type: ignore[misc]
    assert engine.operations([drawn.batch()]).accumulates == pytest.approx(one_by_one(drawn, engine) / 3)


@needs_torch
@pytest.mark.parametrize("name", PLANS)
def test_of_surrogate_gradients_what_the_same_network_costs_on_the_cpu(name: str) -> None:
    plan = PLANS["layers"] if name == "sparse" else PLANS[name]
    drawn = draw(plan, 3, trials=3)
    engine = by_method(drawn, "surrogate", "torch", registry.options("surrogate")())  # type: ignore[misc]
    assert engine.operations([drawn.batch()]) == drawn.engine(LOSS).operations([drawn.batch()])


@needs_torch
def test_both_passes_of_parallel_neurons_count() -> None:
    import torch

    from models.methods.parallel_lif.spike import earlier

    drawn = draw(Plan(((8, True), (6, False)), drive=0.3), 5, trials=3)
    recurrent, forward = drawn.weights["hidden1_hidden1"], drawn.weights["hidden1_hidden2"]
    recurrent[:, :3], forward[:, 2] = 0, 0
    options = ParallelOptions(spikes="threshold")
    engine = by_method(drawn, "parallel-lif", "torch", options)
    batch = drawn.batch()
    # Without the recurrent weights a pass's voltages are half of what the second one's are.
    alone = by_method(
        Drawn(drawn.network, drawn.weights | {"hidden1_hidden1": 0 * recurrent}, drawn.trials, drawn.duration),
        "parallel-lif", "torch", options,
    )  # fmt: skip
    voltages = np.stack([of.voltages["hidden1"] for of in alone.record(batch)], axis=1) / 2
    first = (earlier(torch.tensor(voltages)).numpy() >= 1).sum()
    second, above = (
        sum(len(of.spikes[name].neurons) for of in engine.record(batch)) for name in ("hidden1", "hidden2")
    )
    assert 0 < first < second
    found = engine.operations([batch])
    assert found.hidden_spikes == pytest.approx((first + second + above) / 3)
    assert engine.predict([batch]).hidden_counts.sum() == first + second + above
    events = len(batch.units) * 8
    assert found.accumulates == pytest.approx((events + first * 5 + second * 5 + above * 3) / 3)


CHANNELS, STEPS = 24, 60


def numbers(entry: Any, options: Any, hidden: tuple[int, ...] = (7,)) -> tuple[Any, SpikeBatch]:
    """Return the engine of a network of numbers, some of whose weights are 0, and a batch."""
    network = Network(Input(CHANNELS), tuple(Hidden(size) for size in hidden), Leaky(3))
    problem = Problem(network, CrossEntropy(), 2.0, STEPS, method=entry.method, options=options)
    weights, rng = entry.draw(problem, Initial(), 1), np.random.default_rng(1)
    for name, array in weights.items():
        if array.ndim == 2:
            array[rng.random(array.shape) < 0.2] = 0
        elif not name.endswith("scale"):
            array[:] = rng.normal(-0.2, 0.3, array.shape)
    cells = [np.sort(rng.choice(STEPS * CHANNELS, 30, replace=False)) for _ in range(4)]
    steps, units = np.divmod(np.concatenate(cells), CHANNELS)
    batch = SpikeBatch(steps.astype(np.int32), units.astype(np.int32), np.arange(5) * 30, np.zeros(4, np.int64))
    return entry.make(problem, weights, Resources(threads=1, device="cpu")), batch


def products(x: np.ndarray, weights: np.ndarray) -> int:
    """Return how many products of a matrix multiplication have no factor 0, one by one."""
    return sum(
        bool(x[b, i] != 0 and weights[i, j] != 0)
        for b in range(len(x))
        for i in range(weights.shape[0])
        for j in range(weights.shape[1])
    )


@needs_torch
def test_a_perceptrons_products() -> None:
    options = AnnOptions(frames=6, bands=4, normalisation="none")
    engine, batch = numbers(NUMBERS, options, (7, 5))
    w, below, macs = engine.weights, engine.seen(batch).reshape(4, -1), 0
    for name, bias in (("input_hidden1", "hidden1"), ("hidden1_hidden2", "hidden2"), ("hidden2_output", "output")):
        macs += products(below, w[name])
        below = np.maximum(below @ w[name] + w[f"{bias}_bias"], 0)
    found = engine.operations([batch])
    assert (found.hidden_spikes, found.accumulates, found.macs) == (0, 0, macs / 4)
    assert found.dense == 24 * 7 + 7 * 5 + 5 * 3
    assert found.parameters == found.dense + 7 + 5 + 3
    assert 0 < found.macs < 0.8 * found.dense


@needs_torch
def test_a_convolutional_networks_products() -> None:
    # 4 frames by 4 bands: maps of 2 by 2. By hand, of the padding none: output (i, j) of the first convolution sees
    # frames up to 2 i + 4 and bands 2 j - 2 to 2 j + 2, that is all four frames, and bands 3 or 4 of four.
    options = AnnOptions(architecture="cnn", frames=4, bands=4, channels=5, blocks=1, normalisation="none")
    engine, batch = numbers(NUMBERS, options)
    found = engine.operations([batch])
    first = 2 * 4 * (3 + 4) * 5
    assert found.dense == first + 4 * 4 * 5 + 4 * 5 * 5 + 5 * 3
    assert found.parameters == 45 * 5 + 9 * 5 + 5 * 5 + 2 * 3 * 5 + 5 * 3 + 3
    seen, kernel = engine.seen(batch), engine.weights["first"].reshape(9, 5, 5)
    macs = sum(
        bool(seen[b, frame, band] != 0 and kernel[frame - 2 * i + 4, band - 2 * j + 2, channel] != 0)
        for b in range(4)
        for i in range(2)
        for j in range(2)
        for frame in range(4)
        for band in range(max(0, 2 * j - 2), min(4, 2 * j + 3))
        for channel in range(5)
    )
    # With nothing rectified, only the first convolution's products are left.
    shifts = {name: np.full(5, -9, np.float32) for name in engine.weights if name.endswith("_shift")}
    engine.set_weights(engine.weights | shifts)
    assert engine.operations([batch]).macs == macs / 4


@needs_torch
def test_a_gated_networks_products() -> None:
    engine, batch = numbers(NUMBERS, AnnOptions(architecture="gru", frames=6, bands=4, normalisation="none"))
    w, seen = engine.weights, engine.seen(batch)
    found = engine.operations([batch])
    assert found.dense == 6 * (4 * 21 + 7 * 21) + 7 * 3
    # States are never 0 but before the first frame.
    ones = np.ones((4, 7))
    by_hand = sum(products(seen[:, t], w["input_hidden"]) for t in range(6))
    assert found.macs == (by_hand + 5 * products(ones, w["hidden_hidden"]) + products(ones, w["hidden_output"])) / 4


@needs_torch
def test_a_converted_network_accumulates_but_for_its_input() -> None:
    options = ConversionOptions(frames=6, bands=4, normalisation="none", steps=20)
    engine, batch = numbers(CONVERSION, options, (7, 5))
    w, counts, found = engine.weights, engine.predict([batch]).hidden_counts, engine.operations([batch])
    assert found.hidden_spikes == counts.sum() / 4
    assert counts[:7].sum() > 20
    accumulates = sum(
        int(counts[at + i]) * int((w[name][i] != 0).sum())
        for name, at in (("hidden1_hidden2", 0), ("hidden2_output", 7))
        for i in range(len(w[name]))
    )
    assert found.accumulates == accumulates / 4
    # A constant current is computed once an example.
    assert found.macs == products(engine.seen(batch).reshape(4, -1), w["input_hidden1"]) / 4
    assert found.dense == 24 * 7 + 20 * (7 * 5 + 5 * 3)
    # Scales are not trained.
    assert found.parameters == 24 * 7 + 7 * 5 + 5 * 3 + 7 + 5 + 3


@needs_torch
def test_a_converted_network_accumulates_its_random_input() -> None:
    options = ConversionOptions(frames=6, bands=4, normalisation="none", steps=20, input="poisson")
    engine, batch = numbers(CONVERSION, options)
    engine.set_weights(engine.weights | {"input_scale": np.array([2.0], np.float32)})
    w, counts, found = engine.weights, engine.predict([batch]).hidden_counts, engine.operations([batch])
    drawn = np.random.default_rng((15, 0)).random((20, 24), dtype=np.float32)
    seen = engine.seen(batch).reshape(4, -1)
    spikes = np.concatenate([drawn < np.abs(example) / 2 for example in seen])
    accumulates = products(spikes, w["input_hidden"])
    accumulates += sum(int(counts[i]) * int((w["hidden_output"][i] != 0).sum()) for i in range(7))
    assert found.accumulates == accumulates / 4
    assert (found.macs, found.hidden_spikes) == (0, counts.sum() / 4)
    assert found.dense == 20 * (24 * 7 + 7 * 3)
