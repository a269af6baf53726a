"""Known faults of plain mlGeNN that the engine avoids; the numbers are those of the list of such faults."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw, errors
from genn import needs_genn, on_genn

from models.batch import SpikeBatch
from models.engines.exact import Trial
from models.losses import CrossEntropy
from models.network import Hidden, Input, Leaky, Network
from models.windows import Exponential, Gaussian, Uniform

pytestmark = needs_genn

LOSS = CrossEntropy(Exponential(), 5.0)
PLAN = Plan(((12, True),), channels=10)


def batch_of(steps: list[int], units: list[int], label: int = 0) -> SpikeBatch:
    return SpikeBatch(
        np.array(steps, np.int32), np.array(units, np.int32), np.array([0, len(steps)]), np.array([label], np.int64)
    )


def single(weight: float, steps: int = 40, size: int = 1) -> Drawn:
    """Return a network in which each input neuron makes one hidden neuron spike, two steps later or at once."""
    network = Network(Input(size), (Hidden(size, recurrent=None),), Leaky(2))
    weights = {
        "input_hidden": np.eye(size, dtype=np.float32) * np.float32(weight),
        "hidden_output": np.tile(np.array([[1.0, -0.5]], np.float32), (size, 1)),
    }
    return Drawn(network, weights, [Trial(np.array([5.0]), np.array([0]), 0)], float(steps))


def test_a_spike_in_the_last_step_costs_a_neuron_no_gradient() -> None:
    """Edge 1: mlGeNN tapes such a spike, never reads it, and then reads none of the earlier ones."""
    drawn, steps = single(60.0), 40
    for last in range(steps - 4, steps):
        batch = batch_of([10, last], [0, 0])
        cpu = drawn.engine(LOSS)
        with on_genn(drawn, LOSS) as engine:
            found = engine.gradients(batch)
            assert found.hidden_counts.tolist() == cpu.gradients(batch).hidden_counts.tolist()
            assert max(errors(drawn, found.weights, cpu.gradients(batch).weights).values()) < 1e-4
    assert steps in cpu.record(batch)[0].spikes["hidden"].times


def test_a_trial_does_not_affect_the_next_one() -> None:
    """Edge 2: late activity of the input, of hidden neurons and in delays reaches the next trial in mlGeNN."""
    for plan in (PLAN, replace(PLAN, delayed=("input", "recurrent", "output")), replace(PLAN, copies=3)):
        drawn = draw(plan, 5)
        times, units = np.divmod(np.arange(800, 1000), 10)
        late = batch_of(times.tolist(), units.tolist(), 1)
        quiet = drawn.batch()
        with on_genn(drawn, LOSS) as engine:
            alone, learned = engine.predict([quiet]).logits, engine.gradients(quiet).weights
            engine.predict([late])
            np.testing.assert_array_equal(engine.predict([quiet]).logits, alone)
            engine.gradients(late)
            np.testing.assert_array_equal(engine.predict([quiet]).logits, alone)
            engine.gradients(late)
            for name, gradient in engine.gradients(quiet).weights.items():
                np.testing.assert_array_equal(gradient, learned[name])


def test_the_last_batch_of_an_epoch_is_learned() -> None:
    """Edge 3: mlGeNN runs a batch backward during the next one, and never runs the last one backward."""
    drawn = draw(PLAN, 7, trials=3)
    with on_genn(drawn, LOSS) as engine:
        before = engine.weights
        engine.train_epoch([drawn.batch()], 1e-2)
        after = engine.weights
        cpu = drawn.engine(LOSS)
        cpu.train_epoch([drawn.batch()], 1e-2)
        for name, weights in cpu.weights.items():
            assert np.abs(after[name] - before[name]).max() > 5e-3
            np.testing.assert_allclose(after[name], weights, atol=1e-5)


def test_validation_between_batches_changes_nothing_and_is_right() -> None:
    """Edge 4: in mlGeNN the drive of the previous batch still acts."""
    drawn = draw(PLAN, 8, trials=6)
    batch = drawn.batch()
    with on_genn(drawn, LOSS) as engine, on_genn(drawn, LOSS) as other:
        for _ in range(3):
            engine.train_epoch([batch], 1e-3)
            other.train_epoch([batch], 1e-3)
            said = other.predict([batch])
        for name, weights in engine.weights.items():
            np.testing.assert_array_equal(weights, other.weights[name])
        cpu = drawn.engine(LOSS)
        cpu.set_weights(other.weights)
        np.testing.assert_allclose(said.logits, cpu.predict([batch]).logits, atol=1e-4)


def test_a_tape_that_is_too_short_is_made_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Edge 5: mlGeNN drops spikes that do not fit, and gradients are wrong without a warning."""
    drawn = draw(replace(PLAN, drive=3.0), 9, trials=3, events=20)
    wanted = drawn.engine(LOSS).gradients(drawn.batch())
    assert wanted.hidden_counts.max() / 3 > 12
    monkeypatch.setattr("models.engines.genn.buffers.FIRST_CAPACITY", 8)
    with on_genn(drawn, LOSS) as engine:
        assert engine.program.capacity == 8
        found = engine.gradients(drawn.batch())
        assert engine.program.capacity > 24
        assert max(errors(drawn, found.weights, wanted.weights).values()) < 1e-3


@pytest.mark.parametrize(("dt", "bound"), [(1.0, 1e-4), (0.05, 0.02), (0.02, 0.1)])
def test_steps_that_are_no_power_of_two_find_their_spikes_again(dt: float, bound: float) -> None:
    """Edge 6: mlGeNN compares times in float32, and with 0.05 or 0.02 ms no taped spike is ever found.

    The remaining error is rounding, which grows with the number of steps.
    """
    drawn = draw(PLAN, 10, duration=100.0)
    found = drawn.engine(LOSS, dt).gradients(drawn.batch(dt))
    with on_genn(drawn, LOSS, dt) as engine:
        assert max(errors(drawn, engine.gradients(drawn.batch(dt)).weights, found.weights).values()) < bound


def test_more_input_events_than_there_was_room_for_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Edge 8: in mlGeNN an assertion fails."""
    monkeypatch.setattr("models.engines.genn.buffers.FIRST_ROOM", 4)
    drawn = draw(PLAN, 11, trials=2)
    wanted = drawn.engine(LOSS)
    wanted.train_epoch([drawn.batch()] * 2, 1e-2)
    with on_genn(drawn, LOSS) as engine:
        engine.train_epoch([drawn.batch()] * 2, 1e-2)
        for name, weights in wanted.weights.items():
            np.testing.assert_allclose(engine.weights[name], weights, atol=1e-4)


def test_any_number_of_classes_can_be_told_apart() -> None:
    """Labels never reach the device: mlGeNN's are bytes, and 258 would be 2."""
    drawn = draw(replace(PLAN, classes=260), 12, trials=2)
    batch = replace(drawn.batch(), labels=np.array([258, 2]))
    with on_genn(drawn, LOSS) as engine:
        found, wanted = engine.gradients(batch), drawn.engine(LOSS).gradients(batch)
        np.testing.assert_allclose(found.losses, wanted.losses, rtol=1e-5)
        assert max(errors(drawn, found.weights, wanted.weights).values()) < 1e-3


def test_networks_of_one_description_get_along_in_one_process() -> None:
    """Two loaded networks of one name crash, or one gives the other's results."""
    a, b = draw(PLAN, 13), draw(PLAN, 14)
    with on_genn(a, LOSS) as one, on_genn(b, LOSS) as two:
        for _ in range(2):
            for drawn, engine in ((a, one), (b, two)):
                wanted = drawn.engine(LOSS).predict([drawn.batch()]).logits
                np.testing.assert_allclose(engine.predict([drawn.batch()]).logits, wanted, atol=1e-4)


def test_another_window_or_other_weights_build_nothing() -> None:
    drawn = draw(PLAN, 15)
    with on_genn(drawn, CrossEntropy(Uniform())) as engine:
        engine.predict([drawn.batch()])
        folder = engine._running.folder.path
    [library] = folder.rglob("librunner.so")
    built = library.stat().st_mtime_ns
    other = replace(drawn, weights=draw(PLAN, 16).weights)
    loss = CrossEntropy(Gaussian(mu=0.8, sigma=0.1), 3.0)
    with on_genn(other, loss) as engine:
        np.testing.assert_allclose(
            engine.predict([other.batch()]).logits, other.engine(loss).predict([other.batch()]).logits, atol=1e-4
        )
    assert library.stat().st_mtime_ns == built
