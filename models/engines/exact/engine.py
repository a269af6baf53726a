"""The exact engine: a network with weights and a loss, run without time steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.engines.exact.adjoint import Sensitivities, backward
from models.engines.exact.compiled import Array
from models.engines.exact.examples import Trial
from models.engines.exact.flatten import flatten
from models.engines.exact.observe import observe
from models.engines.exact.pieces import piece
from models.engines.exact.simulate import RESET, Log, simulate, voltages
from models.errors import InputError
from models.losses import Loss, MeanSquare
from models.network import Network, Spiking
from models.recording import Spikes


@dataclass(frozen=True, kw_only=True)
class Forward:
    """Results of a forward pass over some examples.

    Attributes
    ----------
    logits : ndarray of float64, shape (examples, classes)
    losses : ndarray of float64, shape (examples,)
    spikes : list of dict of str to Spikes
        Of each example, by name of the population.
    min_slope : float
        The least tau_mem dV/dt = I + bias - threshold at any spike; infinite where there is none. Near 0 a spike
        barely reaches the threshold, and gradients are large.
    pieces : list of ndarray
        Of each example, the smooth piece of its loss; see `pieces.piece`.
    """

    logits: Array
    losses: Array
    spikes: list[dict[str, Spikes]]
    min_slope: float
    pieces: list[Array]


@dataclass(frozen=True, kw_only=True)
class Gradients(Forward):
    """The gradient of the mean loss of some examples, and the results of the forward pass before it.

    Attributes
    ----------
    weights : dict of str to ndarray of float64
        dL/dparameter by name and of the shape that `Network.shapes` gives; 0 for absent synapses.
    """

    weights: dict[str, Array]


class ExactEngine:
    """Event-exact simulation and gradient in float64.

    Parameters
    ----------
    weights : dict of str to ndarray
        All of `Network.shapes`; copied to float64.
    loss : Loss
        A loss of spike times needs a `Spiking` output, any other a leaky one.
    trial : float
        Length of a trial in ms; events at its end or later are ignored.
    cells : int
        Number of equal parts of the trial on each of which the loss's window is constant.
    """

    def __init__(
        self, network: Network, weights: Mapping[str, NDArray[Any]], loss: Loss, trial: float, cells: int = 1000
    ) -> None:
        """Refuse weights, losses and trials that do not fit."""
        network.check(weights)
        if not 0 < trial < math.inf:
            raise InputError(f"trial is {trial} ms; it must be above 0 and finite")
        if loss.observes == "voltage" and not isinstance(loss, MeanSquare):
            raise InputError(f"the exact engine has no integral of {type(loss).__name__}")
        if isinstance(network.output, Spiking) != (loss.observes == "first spike"):
            wanted, found = ("Spiking", "Leaky") if loss.observes == "first spike" else ("Leaky", "Spiking")
            raise InputError(f"{type(loss).__name__} needs a {wanted} output; this network's is {found}")
        self._window = loss.readout.table(cells).astype(np.float64)
        self.network, self.trial, self.cells = network, float(trial), cells
        self.weights = {name: weight.astype(np.float64) for name, weight in weights.items()}
        self._loss = loss
        self._circuit, self._layout = flatten(network, self.weights)

    def with_weights(self, weights: Mapping[str, NDArray[Any]]) -> ExactEngine:
        """Return an engine with other weights."""
        return ExactEngine(self.network, weights, self._loss, self.trial, self.cells)

    def loss(self, examples: Sequence[Trial]) -> Array:
        """Return each example's loss, shape (examples,)."""
        return self.forward(examples).losses

    def forward(self, examples: Sequence[Trial]) -> Forward:
        """Run examples forward."""
        return self._through(examples, None)

    def gradients(self, examples: Sequence[Trial]) -> Gradients:
        """Return the gradient of the examples' mean loss with respect to every parameter."""
        weights = {name: np.zeros(shape) for name, shape in self.network.shapes.items()}
        return Gradients(**vars(self._through(examples, weights)), weights=weights)

    def record(self, example: Trial, times: Array) -> dict[str, Array]:
        """Return voltages at some times, each (times, size), by name of the population.

        ``times`` are in ms, within the trial; at the time of a spike the voltage is the one after the reset.
        """
        if np.any(times < 0) or np.any(times > self.trial):
            raise InputError(f"times to record go from {times.min()} to {times.max()} ms, the trial to {self.trial}")
        log = self._run(example)
        recorded = np.empty((len(times), len(self._circuit.tau_mem)))
        for n in range(recorded.shape[1]):
            updates = np.flatnonzero(log.neuron == n)
            since = updates[np.searchsorted(log.time[updates], times, side="right") - 1]
            recorded[:, n] = voltages(self._circuit, log, since, np.asarray(times, dtype=np.float64))
        return {name: recorded[:, part] for name, part in self._layout.neurons.items()}

    def _run(self, example: Trial) -> Log:
        channels, line = self.network.input.channels, self.network.input.delay_line
        if np.any((example.units < 0) | (example.units >= channels)):
            raise InputError(f"units go from {example.units.min()} to {example.units.max()}; channels are {channels}")
        if not 0 <= example.label < self.network.output.size:
            raise InputError(f"a label is {example.label}; classes are {self.network.output.size}")
        copy = np.arange(line.copies)[:, None]
        times = example.times + copy * line.spacing
        return simulate(self._circuit, times.ravel(), (example.units + copy * channels).ravel(), self.trial)

    def _through(self, examples: Sequence[Trial], weights: dict[str, Array] | None) -> Forward:
        """Run examples one by one; where ``weights`` are given, go back, too, and add the gradient to them."""
        classes = self.network.output.size
        logits, losses, spikes, pieces, slopes = [], [], [], [], [math.inf]
        for example in examples:
            log = self._run(example)
            observed = observe(self._circuit, log, self._loss, self._window, classes, example.label, self.trial)
            if weights is not None:
                found = backward(self._circuit, log, observed.loss_gradient, self.trial)
                for name, addend in self._by_name(found).items():
                    weights[name] += addend / len(examples)
            logits.append(observed.logits)
            losses.append(observed.loss)
            spikes.append(self._spikes(log))
            pieces.append(piece(log, observed.loss_gradient, self._loss, self._window, classes, self.trial))
            fired = log.synapse == RESET
            who = log.neuron[fired]
            slopes.extend(log.current[fired] + self._circuit.bias[who] - self._circuit.threshold[who])
        return Forward(
            logits=np.array(logits).reshape(len(examples), classes),
            losses=np.array(losses),
            spikes=spikes,
            min_slope=float(min(slopes)),
            pieces=pieces,
        )

    def _spikes(self, log: Log) -> dict[str, Spikes]:
        fired = np.flatnonzero(log.synapse == RESET)
        found = {}
        for name, part in self._layout.neurons.items():
            of = fired[(log.neuron[fired] >= part.start) & (log.neuron[fired] < part.stop)]
            found[name] = Spikes(log.time[of], (log.neuron[of] - part.start).astype(np.int32))
        return found

    def _by_name(self, found: Sensitivities) -> dict[str, Array]:
        """Return derivatives under the parameters' names."""
        named = {}
        for c in self.network.connections:
            here, there = self._layout.synapses[c.name]
            for name, values in ((c.name, found.weight), (f"{c.name}_delay", found.delay)):
                matrix = np.zeros(c.shape)
                matrix.ravel()[there] = values[here]
                named[name] = matrix
        for population, part in self._layout.neurons.items():
            for key in ("bias", "tau_mem", "tau_syn"):
                named[f"{population}_{key}"] = getattr(found, key)[part]
        return {name: named[name] for name in self.network.shapes}
