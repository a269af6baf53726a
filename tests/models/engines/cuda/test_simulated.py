"""The CUDA engine in Numba's simulator gives the spikes, voltages and gradients of the CPU engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cuda_simulator import Order, needs_simulator, simulator
from event_nets import Drawn, Plan, draw, errors

from models.batch import SpikeBatch
from models.errors import InputError
from models.losses import CrossEntropy
from models.optimiser import Optimiser
from models.recording import Recording
from models.regulariser import Regulariser
from models.windows import Bump, Exponential, Gaussian, Tabulated, Uniform, Window

if TYPE_CHECKING:
    from models.engines.cuda.engine import CudaEngine

pytestmark = needs_simulator

STEPS = 50
WINDOWS: dict[str, Window] = {
    "uniform": Uniform(),
    "exponential": Exponential(),
    "gaussian": Gaussian(mu=0.3, sigma=0.15),
    "bump": Bump(),
    "tabulated": Tabulated(values=tuple(1 + np.sin(np.arange(STEPS) / 9))),
}
EVERYTHING = Plan(((9, True), (7, True)), channels=6, copies=2, constants=("hidden", "output"), bias=True, density=0.6)
PLANS = {
    "feed-forward": Plan(((8, False),)),
    "recurrent": Plan(((8, True),)),
    "two warps": Plan(((40, True),), drive=0.6),
    "two neurons a thread": Plan(((100, True),), channels=5, drive=0.5),
    "four neurons a thread": Plan(((100, True),), channels=5, drive=0.5),
    "two layers": Plan(((9, True), (7, False))),
    "three layers": Plan(((6, False), (5, True), (6, False))),
    "delay line": Plan(((8, True),), copies=3),
    "biases": Plan(((8, True),), bias=True),
    "time constants": Plan(((8, True),), constants=("hidden", "output"), bias=True),
    "fixed time constants": Plan(((8, True),), constants=("hidden", "output"), learned="fixed"),
    "sparse": Plan(((8, True),), density=0.5),
    "everything": EVERYTHING,
}
ORDERS: list[Order] = ["ascending", "descending", "shuffled"]
CASES = [(plan, seed) for plan in PLANS for seed in range(1 if "thread" in plan or "warps" in plan else 2)]
"""Of each kind of network one or two, each with another window and another order of threads."""


@pytest.fixture(autouse=True)
def _fast() -> Iterator[None]:
    with simulator():
        yield


def drawn_for(plan: str, seed: int = 0, **settings: int) -> Drawn:
    return draw(PLANS[plan], seed, duration=STEPS, **({"trials": 3} | settings))


def on_cuda(drawn: Drawn, loss: CrossEntropy, **settings: Any) -> CudaEngine:
    from models.engines.cuda.engine import CudaEngine

    return CudaEngine(drawn.problem(loss, **settings), drawn.weights)


def trains(recording: Recording) -> set[tuple[str, int, float]]:
    """Return a recording's spikes by population, neuron and time."""
    return {
        (name, int(neuron), float(time))
        for name, spikes in recording.spikes.items()
        for neuron, time in zip(spikes.neurons, spikes.times, strict=True)
    }


@pytest.mark.parametrize(("plan", "seed"), CASES)
def test_spikes_and_gradients_are_the_cpu_engines(plan: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from models.engines.cuda import layer

    if "thread" in plan:
        monkeypatch.setattr(layer, "neurons_per_thread", lambda size: 2 if "two" in plan else 4)
    number = CASES.index((plan, seed))
    loss = CrossEntropy(list(WINDOWS.values())[number % 5], 5.0, temperature=0.9, smoothing=0.1)
    settings = {"least_slope": 0.1, "regulariser": Regulariser(strength=0.01, target=4.0)}
    drawn = drawn_for(plan, seed)
    batch, cpu = drawn.batch(), drawn.engine(loss, **settings)
    with simulator(ORDERS[number % 3]):
        found = on_cuda(drawn, loss, **settings).gradients(batch)
    wanted = cpu.gradients(batch)
    assert wanted.hidden_counts.sum() > 30
    np.testing.assert_array_equal(found.hidden_counts, wanted.hidden_counts)
    np.testing.assert_allclose(found.logits, wanted.logits, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.losses, wanted.losses, rtol=1e-6)
    assert list(found.weights) == list(wanted.weights)
    assert max(errors(drawn, found.weights, wanted.weights).values()) < 1e-5


@pytest.mark.parametrize("plan", ["recurrent", "everything"])
def test_recordings_are_the_cpu_engines(plan: str) -> None:
    drawn, loss = drawn_for(plan, 3, trials=2), CrossEntropy(WINDOWS["gaussian"], 5.0)
    found, wanted = (e.record(drawn.batch(), True) for e in (on_cuda(drawn, loss), drawn.engine(loss)))
    for a, b in zip(found, wanted, strict=True):
        assert trains(a) == trains(b)
        np.testing.assert_allclose(a.logits, b.logits, rtol=1e-6)
        for kind in ("voltages", "adjoint_voltages", "adjoint_currents"):
            ours, theirs = getattr(a, kind), getattr(b, kind)
            assert list(ours) == list(theirs)
            for name, trace in theirs.items():
                np.testing.assert_allclose(ours[name], trace, atol=1e-5 * np.abs(trace).max(), err_msg=f"{kind} {name}")


@pytest.mark.parametrize(
    "optimiser", [Optimiser(weight_decay=0.01), Optimiser(clip=0.5, weight_decay=0.01)], ids=["plain", "clipped"]
)
def test_updates_of_everything_are_the_cpu_engines(optimiser: Optimiser) -> None:
    drawn, loss = draw(EVERYTHING, 1, trials=4, duration=STEPS), CrossEntropy(WINDOWS["gaussian"], 5.0)
    drawn.weights["input_hidden1"][:, 2] = np.minimum(drawn.weights["input_hidden1"][:, 2], 0)
    settings = {"optimiser": optimiser, "regulariser": Regulariser(lift=0.05), "least_slope": 0.1}
    batches = [replace(drawn, trials=drawn.trials[part]).batch() for part in (slice(0, 2), slice(2, 4))]
    engine, cpu = on_cuda(drawn, loss, **settings), drawn.engine(loss, **settings)
    found, wanted = engine.train_epoch(batches, 1e-3), cpu.train_epoch(batches, 1e-3)
    assert 0 in wanted.hidden_counts, "no neuron is lifted"
    assert found.loss == pytest.approx(wanted.loss, rel=1e-5)
    assert found.accuracy == wanted.accuracy
    np.testing.assert_array_equal(found.hidden_counts, wanted.hidden_counts)
    state = engine.state()
    assert set(state) == set(cpu.state())
    for name, array in cpu.state().items():
        np.testing.assert_allclose(state[name], array, rtol=1e-4, atol=1e-6, err_msg=name)
    assert engine._trained_numbers() == cpu._trained_numbers()


def test_training_goes_on_to_the_bit_where_it_stopped() -> None:
    drawn, loss = drawn_for("recurrent"), CrossEntropy(WINDOWS["bump"], 5.0)
    batches = [replace(drawn, trials=[trial]).batch() for trial in drawn.trials]
    whole, first, second = (on_cuda(drawn, loss) for _ in range(3))
    whole.train_epoch(batches, 1e-2)
    first.train_epoch(batches[:2], 1e-2)
    second.load_state(first.state())
    second.train_epoch(batches[2:], 1e-2)
    for name, array in whole.state().items():
        np.testing.assert_array_equal(second.state()[name], array, err_msg=name)


def test_gradients_are_the_same_bits_whatever_the_order_of_threads() -> None:
    drawn, loss = drawn_for("two warps", trials=2), CrossEntropy(WINDOWS["gaussian"], 5.0)
    found = []
    for order in ORDERS:
        with simulator(order):
            found.append(on_cuda(drawn, loss).gradients(drawn.batch()).weights)
    for other in found[1:]:
        for name, gradient in found[0].items():
            np.testing.assert_array_equal(other[name], gradient, err_msg=name)


@pytest.fixture
def _small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients of two examples make one sum."""
    from models.engines.cuda import engine, layer, sources

    for module in (engine, layer, sources):
        monkeypatch.setattr(module, "GROUP", 2)


@pytest.mark.usefixtures("_small_groups")
@pytest.mark.parametrize(("plan", "most"), [("recurrent", 1), ("everything", 3)])
def test_a_full_device_halves_what_goes_backward_at_once_and_changes_no_bit(
    plan: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models.engines.cuda import memory

    drawn, loss = draw(PLANS[plan], 1, trials=5, duration=STEPS), CrossEntropy(WINDOWS["gaussian"], 5.0)
    settings = {"regulariser": Regulariser(strength=0.01, target=4.0)}
    whole = on_cuda(drawn, loss, **settings).gradients(drawn.batch()).weights
    assert max(errors(drawn, whole, drawn.engine(loss, **settings).gradients(drawn.batch()).weights).values()) < 1e-5
    allocate = memory.cuda.device_array

    def scarce(shape: Any, dtype: Any) -> Any:
        if len(shape) > 2 and shape[-2] == STEPS and shape[0] > most:
            raise RuntimeError("[CUresult.CUDA_ERROR_OUT_OF_MEMORY] Call to cuMemAlloc results in an error")
        return allocate(shape, dtype)

    monkeypatch.setattr(memory.cuda, "device_array", scarce)
    engine = on_cuda(drawn, loss, **settings)
    found = engine.gradients(drawn.batch()).weights
    assert 0 < engine.split <= most
    for name, gradient in whole.items():
        np.testing.assert_array_equal(found[name], gradient, err_msg=name)


def test_a_device_that_does_not_hold_one_example_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from models.engines.cuda import memory

    drawn, allocate = drawn_for("recurrent", trials=2), memory.cuda.device_array

    def scarce(shape: Any, dtype: Any) -> Any:
        if len(shape) > 2 and shape[-2] == STEPS:
            raise RuntimeError("[CUresult.CUDA_ERROR_OUT_OF_MEMORY] Call to cuMemAlloc results in an error")
        return allocate(shape, dtype)

    monkeypatch.setattr(memory.cuda, "device_array", scarce)
    with pytest.raises(InputError, match=r"does not hold a batch of 2 examples .* training.batch"):
        on_cuda(drawn, CrossEntropy(Uniform())).train_epoch([drawn.batch()], 1e-3)


def test_other_errors_of_the_device_are_not_taken_for_a_full_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from models.engines.cuda import memory

    def broken(shape: Any, dtype: Any) -> Any:
        raise RuntimeError("CUDA_ERROR_ILLEGAL_ADDRESS")

    monkeypatch.setattr(memory.cuda, "device_array", broken)
    with pytest.raises(RuntimeError, match="ILLEGAL_ADDRESS"):
        on_cuda(drawn_for("recurrent"), CrossEntropy(Uniform()))


def test_tapes_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    from models.engines.cuda import layer

    drawn, loss = drawn_for("two layers"), CrossEntropy(WINDOWS["gaussian"], 5.0)
    wanted = on_cuda(drawn, loss).gradients(drawn.batch())
    monkeypatch.setattr(layer, "FIRST_CAPACITY", 1)
    engine = on_cuda(drawn, loss)
    found = engine.gradients(drawn.batch())
    assert engine.layers[0]._capacity > 9
    for name, gradient in wanted.weights.items():
        np.testing.assert_array_equal(found.weights[name], gradient, err_msg=name)
    engine.predict([drawn.batch()])


def test_batches_of_any_size_follow_each_other() -> None:
    """Input arrays take turns and grow; a batch without any event, and a smaller one, find no rest of another."""
    drawn, loss = drawn_for("recurrent", trials=4, events=5), CrossEntropy(WINDOWS["uniform"], 5.0)
    silent = SpikeBatch(np.empty(0, np.int32), np.empty(0, np.int32), np.zeros(2, np.int64), np.zeros(1, np.int64))
    one = replace(drawn, trials=drawn.trials[:1]).batch()
    batches = [one, drawn.batch(), silent, one]
    engine, cpu = on_cuda(drawn, loss), drawn.engine(loss)
    found, wanted = engine.predict(batches), cpu.predict(batches)
    np.testing.assert_allclose(found.logits, wanted.logits, rtol=1e-6)
    np.testing.assert_array_equal(found.hidden_counts, wanted.hidden_counts)
    for batch in batches:
        gradients, expected = engine.gradients(batch), cpu.gradients(batch)
        for name, gradient in expected.weights.items():
            scale = np.abs(gradient).max()
            np.testing.assert_allclose(gradients.weights[name], gradient, atol=1e-5 * scale, err_msg=name)


def test_an_example_that_diverges_is_seen_and_leaves_no_spikes() -> None:
    drawn, loss = drawn_for("recurrent"), CrossEntropy(WINDOWS["uniform"], 5.0)
    drawn.weights["input_hidden"][:, 3] = np.nan
    engine = on_cuda(drawn, loss)
    said = engine.predict([drawn.batch()])
    assert np.isnan(said.losses).all()
    assert said.hidden_counts.sum() == 0
    assert np.isnan(engine.train_epoch([drawn.batch()], 1e-3).loss)


def test_operations_are_counted_as_by_the_cpu_engine() -> None:
    drawn, loss = drawn_for("sparse"), CrossEntropy(Uniform(), 5.0)
    assert on_cuda(drawn, loss).operations([drawn.batch()]) == drawn.engine(loss).operations([drawn.batch()])
