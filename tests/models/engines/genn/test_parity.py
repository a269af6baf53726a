"""The GeNN engine gives the spikes, voltages and gradients of the CPU engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw, errors
from genn import needs_genn, on_genn

from models.losses import CrossEntropy
from models.optimiser import Optimiser
from models.recording import Recording
from models.regulariser import Regulariser
from models.windows import Bump, Exponential, Gaussian, Tabulated, Uniform, Window

pytestmark = needs_genn

TRIAL = 150.0
STEPS = 150
WINDOWS: dict[str, Window] = {
    "uniform": Uniform(),
    "exponential": Exponential(),
    "gaussian": Gaussian(mu=0.3, sigma=0.15),
    "bump": Bump(),
    "tabulated": Tabulated(values=tuple(1 + np.sin(np.arange(STEPS) / 9))),
}
PLANS = {
    "feed-forward": Plan(((30, False),), channels=20),
    "recurrent": Plan(((30, True),), channels=20, drive=0.6),
    "two layers": Plan(((20, True), (15, False)), channels=15),
    "delays": Plan(((20, True),), channels=15, delayed=("input", "recurrent", "output")),
    "fixed delays": Plan(((20, True),), channels=15, delayed=("recurrent", "output"), learned="fixed"),
    "delay line": Plan(((20, True),), channels=12, copies=3, drive=0.5),
    "biases": Plan(((20, True),), channels=15, bias=True),
    "time constants": Plan(((20, True),), channels=15, constants=("hidden", "output"), bias=True),
    "fixed time constants": Plan(((20, True),), channels=15, constants=("hidden", "output"), learned="fixed"),
    "everything": Plan(
        ((12, True), (10, True)),
        channels=8,
        copies=2,
        delayed=("input", "recurrent", "feedforward", "output"),
        constants=("hidden", "output"),
        bias=True,
        density=0.6,
    ),
}
CASES = [
    (plan, window) for i, plan in enumerate(PLANS) for window in (list(WINDOWS)[i % 5], list(WINDOWS)[(i + 2) % 5])
]
"""Twenty cases, each window in four."""


def drawn_for(plan: str, window: str, **settings: int) -> Drawn:
    return draw(PLANS[plan], list(WINDOWS).index(window), duration=TRIAL, **({"trials": 6} | settings))


def trains(recording: Recording) -> set[tuple[str, int, float]]:
    """Return a recording's spikes by population, neuron and time."""
    return {
        (name, int(neuron), float(time))
        for name, spikes in recording.spikes.items()
        for neuron, time in zip(spikes.neurons, spikes.times, strict=True)
    }


@pytest.mark.parametrize(("plan", "window"), CASES)
def test_spikes_voltages_and_gradients_are_the_cpu_engines(plan: str, window: str) -> None:
    drawn = drawn_for(plan, window)
    loss = CrossEntropy(WINDOWS[window], 5.0, temperature=0.9, smoothing=0.1)
    batch, cpu = drawn.batch(), drawn.engine(loss, least_slope=0.1)
    with on_genn(drawn, loss, least_slope=0.1) as engine:
        ours, theirs = engine.record(batch), cpu.record(batch)
        same, all_of_them, agreeing = 0, 0, []
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            found, wanted = trains(a), trains(b)
            same, all_of_them = same + len(found & wanted), all_of_them + len(found | wanted)
            if found == wanted:
                agreeing.append(i)
                np.testing.assert_allclose(a.voltages["output"], b.voltages["output"], atol=1e-4)
                np.testing.assert_allclose(a.logits, b.logits, atol=1e-4)
        assert all_of_them > 100
        assert same >= 0.999 * all_of_them
        assert len(agreeing) >= len(ours) - 1
        chosen = replace(drawn, trials=[drawn.trials[i] for i in agreeing]).batch()
        found, wanted = engine.gradients(chosen), cpu.gradients(chosen)
        assert max(errors(drawn, found.weights, wanted.weights).values()) < 1e-3
        np.testing.assert_allclose(found.losses, wanted.losses, rtol=1e-5)
        np.testing.assert_array_equal(found.hidden_counts, wanted.hidden_counts)
        again = engine.predict([chosen])
        np.testing.assert_array_equal(again.logits, found.logits)


@pytest.mark.parametrize("plan", ["recurrent", "everything"])
def test_recorded_adjoints_are_the_cpu_engines(plan: str) -> None:
    drawn = drawn_for(plan, "gaussian", trials=2)
    loss = CrossEntropy(WINDOWS["gaussian"], 5.0)
    with on_genn(drawn, loss) as engine:
        for a, b in zip(
            engine.record(drawn.batch(), True), drawn.engine(loss).record(drawn.batch(), True), strict=True
        ):
            assert trains(a) == trains(b)
            for name in b.voltages:
                for found, wanted in (
                    (a.voltages[name], b.voltages[name]),
                    (a.adjoint_voltages[name], b.adjoint_voltages[name]),
                    (a.adjoint_currents[name], b.adjoint_currents[name]),
                ):
                    np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max() + 1e-7)


@pytest.mark.parametrize("plan", ["recurrent", "two layers"])
def test_the_regulariser_sees_the_whole_batch_though_one_example_runs_at_a_time(plan: str) -> None:
    """The counts of all examples are needed before any runs backward. Spikes of the last step have no adjoint here."""
    drawn = drawn_for(plan, "uniform")
    loss, settings = CrossEntropy(Uniform(), 5.0), {"regulariser": Regulariser(strength=0.003, target=4.0)}
    batch, cpu = drawn.batch(), drawn.engine(loss, **settings)
    assert not any(time == TRIAL - 1 for r in cpu.record(batch) for _, _, time in trains(r))
    with on_genn(drawn, loss, **settings) as engine:
        found, wanted = engine.gradients(batch).weights, cpu.gradients(batch).weights
        assert max(errors(drawn, found, wanted).values()) < 1e-3
        unregularised = drawn.engine(loss).gradients(batch).weights
        assert max(errors(drawn, unregularised, found).values()) > 0.01


@pytest.mark.parametrize("optimiser", [Optimiser(), Optimiser(clip=0.5, weight_decay=0.01)], ids=["plain", "clipped"])
def test_twenty_updates_of_everything_are_the_cpu_engines(optimiser: Optimiser) -> None:
    drawn = draw(replace(PLANS["everything"], classes=4), 1, trials=8)
    loss = CrossEntropy(Gaussian(mu=0.3, sigma=0.2), 5.0)
    settings = {"optimiser": optimiser, "regulariser": Regulariser(lift=0.05), "least_slope": 0.1}
    batch, cpu = drawn.batch(), drawn.engine(loss, **settings)
    with on_genn(drawn, loss, **settings) as engine:
        for _ in range(20):
            found, wanted = engine.train_epoch([batch], 1e-3), cpu.train_epoch([batch], 1e-3)
            assert found.loss == pytest.approx(wanted.loss, rel=1e-5)
            assert found.accuracy == wanted.accuracy
            np.testing.assert_array_equal(found.hidden_counts, wanted.hidden_counts)
        state = engine.state()
        for name, array in cpu.state().items():
            np.testing.assert_allclose(state[name], array, rtol=1e-3, atol=1e-5, err_msg=name)


def test_batches_that_overlap_are_each_learned_once() -> None:
    """A batch runs backward while the next one runs forward. At a rate of 0, moments are sums of gradients."""
    drawn = draw(PLANS["recurrent"], 2, trials=7)
    loss = CrossEntropy(Exponential(), 5.0)
    batches = [replace(drawn, trials=[trial]).batch() for trial in drawn.trials]
    regulariser = Regulariser(strength=0.1, target=3.0)
    cpu = drawn.engine(loss, regulariser=regulariser)
    with on_genn(drawn, loss, pipelined=True, regulariser=regulariser) as engine:
        for _ in range(2):
            found, wanted = engine.train_epoch(batches, 1e-12), cpu.train_epoch(batches, 1e-12)
            assert found.examples == wanted.examples
            assert found.loss == pytest.approx(wanted.loss, rel=1e-5)
            engine.predict(batches[:2])
        assert engine.state()["adam_step"] == cpu.state()["adam_step"] == 14
        for name, moment in cpu.state().items():
            np.testing.assert_allclose(engine.state()[name], moment, rtol=1e-3, atol=1e-5, err_msg=name)


def test_overlapping_batches_survive_a_tape_that_is_made_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.engines.genn.buffers.FIRST_CAPACITY", 8)
    monkeypatch.setattr("models.engines.genn.buffers.FIRST_ROOM", 8)
    drawn = draw(replace(PLANS["recurrent"], drive=2.0), 3, trials=5, events=6)
    loss = CrossEntropy(Exponential(), 5.0)
    batches = [replace(drawn, trials=[trial]).batch() for trial in drawn.trials]
    cpu = drawn.engine(loss)
    with on_genn(drawn, loss, pipelined=True) as engine:
        engine.train_epoch(batches, 1e-12)
        cpu.train_epoch(batches, 1e-12)
        assert engine.program.capacity > 8
        assert engine.state()["adam_step"] == 5
        for name, moment in cpu.state().items():
            np.testing.assert_allclose(engine.state()[name], moment, rtol=1e-3, atol=1e-5, err_msg=name)
