"""Small random networks with examples, for the stepped engine and for the event-exact one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch, discretise
from models.engines.cpu.engine import CpuEngine
from models.engines.exact import ExactEngine, Trial
from models.engines.exact.simulate import RESET
from models.initialisers import Initial, Normal, Uniform
from models.losses import CrossEntropy, FirstSpike, Loss
from models.network import DelayLine, Hidden, Input, Kind, Leaky, Network, Spiking, Synapses, Weights
from models.problem import Problem
from models.windows import Uniform as Flat

LONGEST = 12.0
"""ms, of delays."""

SPACING = 15.0
"""ms, of delay lines."""


@dataclass(frozen=True)
class Plan:
    """What a network is to have.

    Attributes
    ----------
    layers : tuple of (int, bool)
        Size of each hidden layer, and whether it is recurrent.
    delayed : tuple of str
        The kinds of connections whose synapses have delays.
    constants : tuple of {"hidden", "output"}
        Where neurons have time constants of their own.
    learned : {"fixed", "trained"}
        Whether delays and time constants are learned.
    drive : float
        Mean weight of the input.
    """

    layers: tuple[tuple[int, bool], ...] = ((8, False),)
    channels: int = 8
    copies: int = 1
    delayed: tuple[Kind, ...] = ()
    constants: tuple[Literal["hidden", "output"], ...] = ()
    learned: Literal["fixed", "trained"] = "trained"
    bias: bool = False
    density: float = 1.0
    classes: int = 3
    drive: float = 1.0

    def network(self, spiking: bool = False) -> Network:
        """Return the network; its output spikes if wanted."""

        def synapses(kind: Kind) -> Synapses:
            return Synapses(self.density, self.learned, LONGEST) if kind in self.delayed else Synapses(self.density)

        def constants(where: Literal["hidden", "output"]) -> Literal["shared", "fixed", "trained"]:
            return self.learned if where in self.constants else "shared"

        hidden = [
            Hidden(
                size,
                time_constants=constants("hidden"),
                bias=self.bias,
                synapses=synapses("feedforward" if i else "input"),
                recurrent=synapses("recurrent") if recurrent else None,
            )
            for i, (size, recurrent) in enumerate(self.layers)
        ]
        output = (Spiking if spiking else Leaky)(
            self.classes, time_constants=constants("output"), bias=self.bias, synapses=synapses("output")
        )
        line = DelayLine(self.copies, SPACING) if self.copies > 1 else DelayLine()
        return Network(Input(self.channels, line), tuple(hidden), output)

    def weights(self, seed: int, spiking: bool = False) -> Weights:
        """Return parameters so great that single spikes matter."""
        network, last = self.network(spiking), self.layers[-1][0]
        initial = Initial(
            input=Normal(self.drive / self.density, 1.0),
            recurrent=Normal(0.0, 0.6),
            feedforward=Normal(8.0 / self.layers[0][0] / self.density, self.density**-0.5),
            output=Normal(8.0 / last / self.density if spiking else 0.0, 1.0),
            bias=Uniform(low=0.0, high=0.5),
            spread=0.25,
        )
        return initial.draw(network, seed)


@dataclass(frozen=True)
class Drawn:
    """A network with parameters and examples."""

    network: Network
    weights: Weights
    trials: list[Trial]
    duration: float

    def problem(self, loss: Loss, dt: float = 1.0, **settings: Any) -> Problem:
        return Problem(self.network, loss, dt, round(self.duration / dt), **settings)

    def engine(self, loss: Loss, dt: float = 1.0, threads: int = 1, **settings: Any) -> CpuEngine:
        return CpuEngine(self.problem(loss, dt, **settings), self.weights, threads)

    def exact(self, loss: Loss, cells: int = 800) -> ExactEngine:
        return ExactEngine(self.network, self.weights, loss, self.duration, cells)

    def batch(self, dt: float = 1.0) -> SpikeBatch:
        return on_grid(self.trials, dt, self.duration, self.network.input.channels)


def draw(
    plan: Plan, seed: int, spiking: bool = False, trials: int = 2, events: int = 3, duration: float = 100.0
) -> Drawn:
    """Return a network with trials of ``events`` events a channel, on whole ms and none in the last fifth."""
    rng = np.random.default_rng((seed, 1))
    slots = int(0.8 * duration)
    made = []
    for label in range(trials):
        chosen = np.sort(rng.choice(slots * plan.channels, events * plan.channels, replace=False))
        times, units = np.divmod(chosen, plan.channels)
        made.append(Trial(times.astype(np.float64) + 2, units, label % plan.classes))
    return Drawn(plan.network(spiking), plan.weights(seed, spiking), made, duration)


def on_grid(trials: Sequence[Trial], dt: float, duration: float, channels: int) -> SpikeBatch:
    """Return trials as the stepped engine wants them."""
    return discretise(
        np.concatenate([t.times for t in trials]).astype(np.float32),
        np.concatenate([t.units for t in trials]).astype(np.uint16),
        np.cumsum([0, *(len(t.times) for t in trials)]),
        np.array([t.label for t in trials]),
        dt,
        round(duration / dt),
        channels,
    )


def errors(
    drawn: Drawn, found: Mapping[str, NDArray[np.floating]], truth: Mapping[str, NDArray[np.floating]]
) -> dict[str, float]:
    """Return each parameter's relative error, absent synapses left out."""
    sparse = {c.name for c in drawn.network.connections if c.synapses.density < 1}
    result = {}
    for name, value in found.items():
        connection = name.removesuffix("_delay")
        there = drawn.weights[connection] != 0 if connection in sparse else np.ones(value.shape, dtype=bool)
        result[name] = float(np.linalg.norm((value - truth[name])[there]) / np.linalg.norm(truth[name][there]))
    return result


def is_clear(drawn: Drawn, slope: float = 0.3, gap: float = 1 / 64, margin: float = 0.005, spikes: int = 20) -> bool:
    """Return whether every spike is clear-cut: what a network needs for a stepped gradient to be held against.

    Parameters
    ----------
    drawn : Drawn
    slope : float
        The least tau_mem dV/dt at spikes, in thresholds.
    gap : float
        The least time in ms between a spike and an arrival at its neuron: the loss has a kink where they change places.
    margin : float
        With thresholds that are changed by this fraction no spike comes or goes.
    spikes : int
        The least number of spikes of a hidden layer in a trial; output neurons that spike must all do so.
    """
    forward = _exact(drawn).forward(drawn.trials)
    if forward.min_slope < slope or _least_gap(drawn) < gap:
        return False
    for found in forward.spikes:
        output = found.pop("output")
        if isinstance(drawn.network.output, Spiking) and len(set(output.neurons)) < drawn.network.output.size:
            return False
        if any(len(of.times) < spikes for of in found.values()):
            return False
    moved = (replace(drawn, network=_with_threshold(drawn.network, 1 + m)) for m in (margin, -margin))
    return all(_counts(other) == _counts(drawn) for other in moved)


def _exact(drawn: Drawn) -> ExactEngine:
    spiking = isinstance(drawn.network.output, Spiking)
    return drawn.exact(FirstSpike() if spiking else CrossEntropy(Flat()))


def _counts(drawn: Drawn) -> list[list[int]]:
    """Return every neuron's spikes in every trial."""
    spikes = _exact(drawn).forward(drawn.trials).spikes
    return [np.bincount(of.neurons).tolist() for found in spikes for of in found.values()]


def _with_threshold(network: Network, threshold: float) -> Network:
    hidden = tuple(replace(layer, threshold=threshold) for layer in network.hidden)
    output = network.output
    if isinstance(output, Spiking):
        output = replace(output, threshold=threshold)
    return replace(network, hidden=hidden, output=output)


def _least_gap(drawn: Drawn) -> float:
    """Return the least time between a spike and an arrival at the same neuron that is not its own."""
    least = np.inf
    for trial in drawn.trials:
        log = _exact(drawn)._run(trial)
        order = np.argsort(log.neuron, kind="stable")
        neuron, time, spike = log.neuron[order], log.time[order], log.spike[order]
        reset = log.synapse[order] == RESET
        pairs = (np.diff(neuron) == 0) & (np.diff(spike) != 0) & (np.diff(reset) != 0)
        least = min(least, np.diff(time)[pairs].min(initial=np.inf))
    return float(least)
