"""The CPU engine: kernels, loss and optimiser put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from models.adam import Adam
from models.batch import SpikeBatch
from models.engines.cpu.backward import backward_batch, sum_groups
from models.engines.cpu.coefficients import coefficients, steps_between_copies, time_derivative
from models.engines.cpu.forward import forward_batch
from models.engines.interface import Epoch, Predictions, Recording, Regulariser
from models.errors import InputError
from models.losses import CrossEntropy
from models.network import Network, Weights

GROUPS = 8
"""Gradient accumulators a batch. A constant: the sum's order, and so its rounding, must not depend on threads."""

FIRST_CAPACITY = 32
"""Hidden spikes an example and neuron that there is room for at first; grown whenever a batch has more."""


@dataclass(frozen=True)
class _Forward:
    spike_steps: NDArray[np.int32]
    spike_neurons: NDArray[np.int32]
    spike_slopes: NDArray[np.float32]
    spike_counts: NDArray[np.int64]
    mean_voltage: NDArray[np.float64]
    voltages: NDArray[np.float32]

    def counts(self, hidden: int) -> NDArray[np.int64]:
        """Return spikes of each hidden neuron over the batch, shape (hidden,)."""
        recorded = np.arange(self.spike_neurons.shape[1]) < self.spike_counts[:, None]
        return np.bincount(self.spike_neurons[recorded], minlength=hidden)


@dataclass(frozen=True)
class Gradients:
    """The gradient of a batch's mean loss, and what the forward pass before it gave.

    Attributes
    ----------
    weights : dict of str to ndarray of float32
        dL/dw by connection name, each (pre, post).
    logits : ndarray of float64, shape (examples, classes)
    losses : ndarray of float64, shape (examples,)
    hidden_counts : ndarray of int64, shape (hidden,)
        Spikes of each hidden neuron over the batch.
    """

    weights: Weights
    logits: NDArray[np.float64]
    losses: NDArray[np.float64]
    hidden_counts: NDArray[np.int64]


class CpuEngine:
    """Event-driven Eventprop on the CPU.

    Parameters
    ----------
    network : Network
        What to run.
    weights : dict of str to ndarray
        Initial weights; copied.
    loss : CrossEntropy
        Window and scale of the readout.
    dt : float
        Time step in ms.
    steps : int
        Steps of a trial.
    regulariser : Regulariser
        Of the hidden firing rates.
    threads : int
        Threads to use; 0 takes all that Numba has. No result depends on it.

    Raises
    ------
    InputError
        If weights do not fit the network or the delay line does not fit dt.
    """

    name = "cpu"

    def __init__(
        self,
        network: Network,
        weights: Weights,
        loss: CrossEntropy,
        dt: float,
        steps: int,
        regulariser: Regulariser | None = None,
        threads: int = 0,
    ) -> None:
        self.network = network
        self.loss = loss
        self.dt = dt
        self.steps = steps
        self.regulariser = regulariser or Regulariser()
        self.threads = min(threads or numba.config.NUMBA_NUM_THREADS, numba.config.NUMBA_NUM_THREADS)
        self.set_weights(weights)
        self._table = loss.window.table(steps)
        self._delay = steps_between_copies(network, dt)
        self._hidden = coefficients(network.hidden, dt)
        self._output = coefficients(network.output, dt)
        self._time = tuple(time_derivative(population, dt) for population in (network.hidden, network.output))
        self._capacity = FIRST_CAPACITY * network.hidden.size
        self._groups: dict[str, NDArray[np.float32]] = {}

    @property
    def weights(self) -> Weights:
        """Return the current weights by connection name; copies."""
        return {name: w.copy() for name, w in self._weights.items()}

    @property
    def window_table(self) -> NDArray[np.float32]:
        """Return the readout window, shape (steps,)."""
        return self._table

    def set_weights(self, weights: Weights) -> None:
        """Replace the weights; the optimiser starts anew.

        Raises
        ------
        InputError
            If they are another network's.
        """
        self.network.check(weights)
        self._weights = {name: np.array(weights[name], dtype=np.float32, order="C") for name in self.network.shapes}
        self._adam = Adam.of(self._weights)

    def train_epoch(self, batches: Iterable[SpikeBatch], learning_rate: float) -> Epoch:
        """Learn from every batch, in order.

        Parameters
        ----------
        batches : iterable of SpikeBatch
            Consumed one by one, each before the next is asked for.
        learning_rate : float
            Adam's step size.

        Returns
        -------
        Epoch
        """
        examples, correct, loss = 0, 0, 0.0
        counts = np.zeros(self.network.hidden.size, dtype=np.int64)
        for batch in batches:
            result = self.gradients(batch)
            self._adam.update(self._weights, result.weights, learning_rate)
            examples += len(batch)
            correct += int((result.logits.argmax(axis=1) == batch.labels).sum())
            loss += float(result.losses.sum())
            counts += result.hidden_counts
        if examples:
            self._weights["input_hidden"][:, counts == 0] += np.float32(self.regulariser.lift)
        return Epoch(examples, loss / max(examples, 1), correct / max(examples, 1), counts)

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return the gradient of the mean loss over a batch.

        Parameters
        ----------
        batch : SpikeBatch

        Returns
        -------
        Gradients
        """
        forward = self._forward(batch)
        logits = self.loss.logits(forward.mean_voltage)
        counts = forward.counts(self.network.hidden.size)
        excess = counts / len(batch) - self.regulariser.target
        push = (self.regulariser.strength / len(batch) * excess).astype(np.float32)
        n_groups = min(GROUPS, len(batch))
        groups = self._accumulators(n_groups)
        line = self.network.input.delay_line
        backward_batch(
            batch.steps, batch.units, batch.offsets, self.network.input.channels, line.copies, self._delay,
            self._recurrent, self._weights["hidden_output"], self._hidden, self._output,
            np.float32(self.network.hidden.tau_mem), *self._time, self._table,
            self.loss.drive(logits, batch.labels, self.steps), push, forward.spike_steps, forward.spike_neurons,
            forward.spike_slopes, forward.spike_counts, np.linspace(0, len(batch), n_groups + 1).astype(np.int64),
            groups["input_hidden"], groups["hidden_hidden"], groups["hidden_output"],
        )  # fmt: skip
        gradients = {name: np.empty_like(w) for name, w in self._weights.items()}
        for name, gradient in gradients.items():
            sum_groups(groups[name], gradient)
        return Gradients(gradients, logits, self.loss.losses(logits, batch.labels), counts)

    def predict(self, batches: Iterable[SpikeBatch]) -> Predictions:
        """Run examples without learning, in order.

        Parameters
        ----------
        batches : iterable of SpikeBatch

        Returns
        -------
        Predictions
        """
        logits = [np.empty((0, self.network.output.size))]
        losses = [np.empty(0)]
        counts = np.zeros(self.network.hidden.size, dtype=np.int64)
        for batch in batches:
            forward = self._forward(batch)
            logits.append(self.loss.logits(forward.mean_voltage))
            losses.append(self.loss.losses(logits[-1], batch.labels))
            counts += forward.counts(self.network.hidden.size)
        return Predictions(np.concatenate(logits), np.concatenate(losses), counts)

    def record(self, batch: SpikeBatch) -> list[Recording]:
        """Run examples without learning and keep what happened inside.

        Parameters
        ----------
        batch : SpikeBatch

        Returns
        -------
        list of Recording, one an example
        """
        forward = self._forward(batch, voltages=True)
        logits = self.loss.logits(forward.mean_voltage)
        return [
            Recording(
                forward.spike_steps[b, :count].astype(np.float64) * self.dt,
                forward.spike_neurons[b, :count].copy(),
                forward.voltages[b],
                logits[b],
            )
            for b, count in enumerate(forward.spike_counts)
        ]

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return weights, Adam's moments and its step count; copies."""
        state: dict[str, NDArray[np.generic]] = {"adam_step": np.array(self._adam.step)}
        for kind, arrays in self._state_arrays().items():
            state |= {f"{kind}/{name}": array.copy() for name, array in arrays.items()}
        return state

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to what `state` returned.

        Raises
        ------
        InputError
            If the state is another network's.
        """
        for kind, arrays in self._state_arrays().items():
            for name, array in arrays.items():
                found = state.get(f"{kind}/{name}")
                if found is None or found.shape != array.shape:
                    what = "nothing" if found is None else f"shape {found.shape}"
                    raise InputError(
                        f"the checkpoint has {what} for {kind}/{name}; this network wants shape {array.shape}"
                    )
        for kind, arrays in self._state_arrays().items():
            for name, array in arrays.items():
                array[:] = state[f"{kind}/{name}"]
        self._adam.step = int(state["adam_step"])

    def _state_arrays(self) -> dict[str, Weights]:
        return {"weights": self._weights, "adam_first": self._adam.first, "adam_second": self._adam.second}

    @property
    def _recurrent(self) -> NDArray[np.float32]:
        return self._weights.get("hidden_hidden", np.empty((0, self.network.hidden.size), dtype=np.float32))

    def _accumulators(self, groups: int) -> dict[str, NDArray[np.float32]]:
        """Return gradient accumulators, kept between batches: clearing them is cheaper than new pages."""
        if not self._groups or self._groups["input_hidden"].shape[0] != groups:
            shapes = {"hidden_hidden": (0, self.network.hidden.size)} | self.network.shapes
            self._groups = {name: np.empty((groups, *shape), dtype=np.float32) for name, shape in shapes.items()}
        return self._groups

    def _forward(self, batch: SpikeBatch, voltages: bool = False) -> _Forward:
        numba.set_num_threads(self.threads)
        n, classes = len(batch), self.network.output.size
        line = self.network.input.delay_line
        traces = np.empty((n if voltages else 0, self.steps, classes), dtype=np.float32)
        while True:
            forward = _Forward(
                np.empty((n, self._capacity), dtype=np.int32),
                np.empty((n, self._capacity), dtype=np.int32),
                np.empty((n, self._capacity), dtype=np.float32),
                np.empty(n, dtype=np.int64),
                np.empty((n, classes)),
                traces,
            )
            forward_batch(
                batch.steps, batch.units, batch.offsets, self.network.input.channels, line.copies, self._delay,
                self._weights["input_hidden"], self._recurrent, self._weights["hidden_output"], self._hidden,
                self._output, self._table, forward.spike_steps, forward.spike_neurons, forward.spike_slopes,
                forward.spike_counts, forward.mean_voltage, forward.voltages,
            )  # fmt: skip
            most = int(forward.spike_counts.max(initial=0))
            if most <= self._capacity:
                return forward
            self._capacity = most + most // 4
