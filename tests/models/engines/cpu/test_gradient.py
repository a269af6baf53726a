"""The engine's gradients against those of the event-exact simulation, for all that a network may have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw, errors, is_clear
from numpy.typing import NDArray

from models.engines.cpu.arguments import ForwardTape
from models.engines.cpu.windowed_output import WindowedOutput
from models.engines.exact import Trial
from models.engines.exact.engine import Gradients
from models.losses import CrossEntropy, FirstSpike, Judgement, Loss, MaxOverTime, MeanSquare
from models.network import Hidden, Input, Leaky, Network, Synapses, Weights
from models.windows import Bump, Exponential, Gaussian, Tabulated, Uniform, Window

Array = NDArray[np.float64]
Mode = Literal["plain", "interpolated"]

DT: dict[Mode, float] = {"plain": 1 / 128, "interpolated": 1 / 64}
"""ms. Stepped gradients approach the exact ones as dt does 0; see test_gradient_coarse for 1 ms. Interpolated ones get
there so much faster that at still shorter steps the rounding of float32 is what is left."""

TRIAL = 100.0
CELLS = 800
SCALE = 3.0


@dataclass(frozen=True)
class Bounds:
    """Of relative errors: of the output connection's weights, and of each other parameter."""

    output: float
    others: float


WINDOWED: dict[Mode, Bounds] = {"plain": Bounds(0.005, 0.05), "interpolated": Bounds(8e-5, 1.5e-3)}


def wavy(u: Array) -> Array:
    """Return a window that no formula of `models.windows` gives."""
    return 0.2 + np.cos(2 * np.pi * u - 1) ** 2 * (1 + u)


def middles(steps: int) -> Array:
    return (np.arange(steps) + 0.5) / steps


# The functions are written out here so that a wrong formula in models.windows shows.
WINDOWS: dict[str, tuple[Callable[[int], Window], Callable[[Array], Array]]] = {
    "uniform": (lambda _: Uniform(), lambda u: 1 + 0 * u),
    "exponential": (lambda _: Exponential(), lambda u: np.exp(-u)),
    "gaussian": (lambda _: Gaussian(mu=0.25, sigma=0.15), lambda u: np.exp(-((u - 0.25) ** 2) / 0.045)),
    "bump": (lambda _: Bump(), lambda u: 2 * (0.4 + 4.4 * u * np.exp(-(u**2) / 0.08))),
    "tabulated": (lambda steps: Tabulated(values=tuple(wavy(middles(steps)))), wavy),
}
LOPSIDED = [name for name in WINDOWS if name != "uniform"]

LOSSES: dict[str, tuple[Loss, dict[Mode, Bounds]]] = {
    "windowed": (CrossEntropy(Gaussian(mu=0.6, sigma=0.3), SCALE, temperature=0.8, smoothing=0.1), WINDOWED),
    "peak": (MaxOverTime(2.0, temperature=0.8), {"plain": Bounds(0.008, 0.15), "interpolated": Bounds(4e-3, 0.02)}),
    "square": (
        MeanSquare(Gaussian(mu=0.4, sigma=0.3), target=0.7),
        {"plain": Bounds(0.005, 0.06), "interpolated": Bounds(1e-3, 1.2e-3)},
    ),
    "first spike": (
        FirstSpike(early=0.3, tau=50.0, temperature=10.0, smoothing=0.05),
        {"plain": Bounds(0.006, 0.025), "interpolated": Bounds(4e-4, 1.5e-3)},
    ),
}

PLANS = {
    "feed-forward": Plan(),
    "recurrent": Plan(((8, True),)),
    "two layers": Plan(((8, True), (7, True))),
    "delay line": Plan(((8, True),), channels=6, copies=2),
    "delays of the input": Plan(delayed=("input",)),
    "recurrent delays": Plan(((8, True),), delayed=("recurrent",)),
    "delays between layers": Plan(((8, False), (7, False)), delayed=("feedforward",)),
    "delays of the output": Plan(delayed=("output",)),
    "all delays": Plan(((8, True),), delayed=("input", "recurrent", "output")),
    "hidden time constants": Plan(((8, True),), constants=("hidden",)),
    "output time constants": Plan(((8, True),), constants=("output",)),
    "biases": Plan(((8, True),), bias=True),
    "sparse": Plan(((10, True),), channels=10, density=0.5),
    "everything": Plan(
        ((6, True), (5, True)),
        channels=5,
        copies=2,
        delayed=("input", "recurrent", "feedforward", "output"),
        constants=("hidden", "output"),
        bias=True,
        density=0.6,
    ),
}

SEEDS = {
    "feed-forward": (6, 120),
    "recurrent": (15, 86),
    "two layers": (632, 2328),
    "delay line": (208, 200),
    "delays of the input": (4, 26),
    "recurrent delays": (11, 577),
    "delays between layers": (655, 2026),
    "delays of the output": (6, 50),
    "all delays": (11, 372),
    "hidden time constants": (17, 17),
    "output time constants": (15, 86),
    "biases": (52, 299),
    "sparse": (7, 244),
    "everything": (839, 839),
}
"""For a leaky and for a spiking output; see `is_clear`. Their gradients do not change fast with the spikes' times."""


def case(plan: str, spiking: bool = False) -> Drawn:
    return draw(PLANS[plan], SEEDS[plan][spiking], spiking, duration=TRIAL)


@cache
def exact_for_window(plan: str, window: str) -> Gradients:
    drawn, values = case(plan), WINDOWS[window][1](middles(CELLS))
    return drawn.exact(CrossEntropy(Tabulated(values=tuple(values)), SCALE), CELLS).gradients(drawn.trials)


@cache
def exact_for_loss(plan: str, loss: str) -> tuple[Drawn, Gradients]:
    function = LOSSES[loss][0]
    drawn = case(plan, spiking=isinstance(function, FirstSpike))
    return drawn, drawn.exact(function, CELLS).gradients(drawn.trials)


def gradients(drawn: Drawn, loss: Loss, mode: Mode, dt: float | None = None) -> Weights:
    dt = dt or DT[mode]
    return drawn.engine(loss, dt, spike_times=mode).gradients(drawn.batch(dt)).weights


def assert_within(bounds: Bounds, found: dict[str, float]) -> None:
    [output] = [name for name in found if name.endswith("_output")]
    assert found[output] < bounds.output, found
    assert max(error for name, error in found.items() if name != output) < bounds.others, found


@pytest.mark.parametrize("spiking", [False, True])
@pytest.mark.parametrize("plan", PLANS)
def test_the_networks_are_fit_for_the_comparison(plan: str, spiking: bool) -> None:
    assert is_clear(case(plan, spiking))


@pytest.mark.parametrize("mode", DT)
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("plan", ["feed-forward", "recurrent", "two layers", "delay line", "everything"])
def test_gradients_are_those_of_the_event_exact_loss_for_every_window(plan: str, window: str, mode: Mode) -> None:
    drawn = case(plan)
    found = gradients(drawn, CrossEntropy(WINDOWS[window][0](round(TRIAL / DT[mode])), SCALE), mode)
    assert_within(WINDOWED[mode], errors(drawn, found, exact_for_window(plan, window).weights))


@pytest.mark.parametrize("mode", DT)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", PLANS)
def test_gradients_are_those_of_the_event_exact_loss_for_every_network(plan: str, loss: str, mode: Mode) -> None:
    function, bounds = LOSSES[loss]
    drawn, exact = exact_for_loss(plan, loss)
    dt = DT[mode]
    found = drawn.engine(function, dt, spike_times=mode).gradients(drawn.batch(dt))
    assert_within(bounds[mode], errors(drawn, found.weights, exact.weights))
    counts = [
        np.bincount(np.concatenate([spikes[name].neurons for spikes in exact.spikes]), minlength=population.size)
        for name, population in drawn.network.populations.items()
        if name != "output"
    ]
    np.testing.assert_array_equal(found.hidden_counts, np.concatenate(counts))
    np.testing.assert_allclose(found.logits, exact.logits, atol=0.02 * np.abs(exact.logits).max())
    np.testing.assert_allclose(found.losses, exact.losses, rtol=0.02)


@cache
def median_error(loss: str, mode: Mode, dt: float) -> float:
    """Return the median over all networks of the worst parameter's error."""
    worst = []
    for plan in PLANS:
        drawn, exact = exact_for_loss(plan, loss)
        worst.append(max(errors(drawn, gradients(drawn, LOSSES[loss][0], mode, dt), exact.weights).values()))
    return float(np.median(worst))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("mode", "steps"), [("plain", (1 / 8, 1 / 32, 1 / 128)), ("interpolated", (1 / 2, 1 / 8, 1 / 32))]
)
def test_errors_shrink_with_the_step(loss: str, mode: Mode, steps: tuple[float, ...]) -> None:
    found = [median_error(loss, mode, dt) for dt in steps]
    assert found[1] < found[0] / 2.5, found
    assert found[2] < found[1] / 2.5, found


def test_interpolated_spike_times_at_half_a_millisecond_are_as_good_as_plain_ones_at_a_sixty_fourth_of_that() -> None:
    assert median_error("windowed", "interpolated", 1 / 2) < median_error("windowed", "plain", 1 / 128)


def test_interpolated_spike_times_leave_errors_of_high_order_in_every_parameter() -> None:
    """At a step of 1/4 ms; recurrent weights are what spikes of the same step have a part in."""
    plan = Plan(((8, True),), constants=("hidden", "output"), bias=True)
    loss, found = LOSSES["windowed"][0], []
    for seed in (69, 76, 105, 117, 149, 175, 181, 188, 203, 302):
        drawn = draw(plan, seed, duration=TRIAL)
        assert is_clear(drawn)
        exact = drawn.exact(loss, CELLS).gradients(drawn.trials).weights
        found.append(errors(drawn, gradients(drawn, loss, "interpolated", 1 / 4), exact))
    medians = {name: np.median([of[name] for of in found]) for name in found[0]}
    assert medians.pop("hidden_hidden") < 6e-3
    output = {name: medians.pop(name) for name in list(medians) if "output" in name}
    assert max(output.values()) < 3e-5, output
    assert max(medians.values()) < 5e-4, medians


@pytest.mark.parametrize("mode", DT)
@pytest.mark.parametrize("window", LOPSIDED)
@pytest.mark.parametrize("fault", ["left out", "not reversed"])
@pytest.mark.parametrize("plan", ["recurrent", "all delays"])
def test_a_wrong_window_in_the_adjoint_breaks_the_bounds(
    plan: str, window: str, fault: str, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison above would notice both mistakes that published code made."""
    right = WindowedOutput.learn

    def faulty(
        self: WindowedOutput, hidden: ForwardTape, judgement: Judgement, first_of_group: NDArray[np.int64]
    ) -> tuple[Weights, NDArray[np.float32]]:
        self.window = np.ones_like(self.window) if fault == "left out" else self.window[::-1].copy()
        self.refresh()
        self.read(hidden)
        return right(self, hidden, judgement, first_of_group)

    monkeypatch.setattr(WindowedOutput, "learn", faulty)
    loss = CrossEntropy(WINDOWS[window][0](round(TRIAL / DT[mode])), SCALE)
    drawn = case(plan)
    found = errors(drawn, gradients(drawn, loss, mode), exact_for_window(plan, window).weights)
    assert found["hidden_output"] > 4 * WINDOWED[mode].output
    assert found["input_hidden"] > WINDOWED[mode].others


@pytest.mark.parametrize("mode", DT)
@pytest.mark.parametrize("brake", [-0.5, -5.0])
def test_a_peak_at_an_arrival_moves_with_it_whatever_the_weight(brake: float, mode: Mode) -> None:
    """One spike begins the output's rise and another ends it: the peak is the first one's at the time of the second."""
    output = Leaky(2, synapses=Synapses(delays="trained", longest=9.0))
    network = Network(Input(2), (Hidden(2, recurrent=None),), output)
    weights = {
        "input_hidden": np.diag([7.0, 7.0]),
        "hidden_output": np.array([[2.0, 0.0], [brake, 0.0]]),
        "hidden_output_delay": np.array([[1.0, 0.0], [2.0, 0.0]]),
    }
    drawn = Drawn(
        network,
        {name: w.astype(np.float32) for name, w in weights.items()},
        [Trial(np.array([5.0, 9.0]), np.array([0, 1]), 1)],
        TRIAL,
    )
    dt = DT[mode]
    engine = drawn.engine(MaxOverTime(), dt, spike_times=mode)
    assert engine.record(drawn.batch(dt))[0].spikes["hidden"].neurons.tolist() == [0, 1]
    found = engine.gradients(drawn.batch(dt))
    slow, fast = np.exp(-5.0 / 20), np.exp(-5.0 / 5)
    rise = 2.0 * (fast / 5 - slow / 20) * 5 / 15
    peak = 2.0 * (slow - fast) * 5 / 15
    wrong = 1 / (1 + np.exp(-peak))
    np.testing.assert_allclose(found.logits[0], [peak, 0], atol=2e-3)
    np.testing.assert_allclose(found.weights["hidden_output_delay"][:, 0], [-wrong * rise, wrong * rise], rtol=0.02)
    np.testing.assert_allclose(found.weights["hidden_output"][:, 0], [wrong * peak / 2, 0], atol=1e-3)
