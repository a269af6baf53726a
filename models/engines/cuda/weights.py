"""The weights onto one population on a GPU, with their gradients and Adam's moments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from models.adam import Adam, Step
from models.engines.cuda.memory import DeviceArray, Memory
from models.engines.cuda.update import ROW_THREADS, adam, add_squares, square_rows
from models.network import Connection, Weights
from models.optimiser import Rule


class Matrix:
    """The connection from below above the recurrent one.

    Parameters
    ----------
    connections : sequence of Connection
        From below, and the recurrent one if there is one.
    width : int
        Columns; those beyond the population's size stay 0.
    memory : Memory
    spare : int
        Rows of zeros behind the weights.
    """

    def __init__(self, connections: Sequence[Connection], width: int, memory: Memory, spare: int = 0) -> None:
        self._connections, self._width, self._memory = connections, width, memory
        self._rows, self._spare = sum(c.shape[0] for c in connections), spare
        self.weights = self.gradients = memory.to_device(np.zeros((1, 1, 1), np.float32))

    def push(self, weights: Weights, optimiser: Adam) -> None:
        """Copy weights and moments to the device."""
        self.weights = self._memory.to_device(self._joined(weights, self._rows + self._spare))
        self._first, self._second = (
            self._memory.to_device(self._joined(moments, self._rows)) for moments in (optimiser.first, optimiser.second)
        )

    def pull(self, weights: Weights, optimiser: Adam) -> None:
        """Copy weights and moments back."""
        found = self._memory.to_host(self.weights, self._first, self._second)
        for array, into in zip(found, (weights, optimiser.first, optimiser.second), strict=True):
            for begin, c in self._parts():
                into[c.name][:] = array[begin : begin + c.shape[0], : c.shape[1]]

    def read(self, name: str) -> NDArray[np.float32]:
        """Return the weights of a connection."""
        [found] = self._memory.to_host(self.weights)
        begin, c = next(part for part in self._parts() if part[1].name == name)
        return np.ascontiguousarray(found[begin : begin + c.shape[0], : c.shape[1]])

    def write(self, weights: Weights) -> None:
        """Replace the weights."""
        self.weights = self._memory.to_device(self._joined(weights, self._rows + self._spare))

    def begin(self, groups: int) -> None:
        """Make room for the gradients of a batch, of shape (groups, rows, width)."""
        self.gradients = self._memory.room(
            (self._connections[0].target, "gradients"), (groups, self._rows, self._width)
        )

    def named_gradients(self) -> Weights:
        """Return the gradients by the connections' names."""
        [groups] = self._memory.to_host(self.gradients)
        total = groups[0].copy()
        for group in groups[1:]:
            total += group
        return {c.name: total[begin : begin + c.shape[0], : c.shape[1]] for begin, c in self._parts()}

    def square(self, rules: Mapping[str, Rule], norms: DeviceArray, place: int) -> None:
        """Write the gradient's squared norm to ``norms[place]``."""
        squares = self._memory.room((self._connections[0].target, "squares"), (self._rows,), np.float64)
        for begin, c in self._parts():
            square_rows[c.shape[0], ROW_THREADS, self._memory.stream](
                self.weights, self.gradients, begin, rules[c.name].sparse, squares
            )
        add_squares[1, ROW_THREADS, self._memory.stream](squares, self._rows, norms, place)

    def update(self, steps: Mapping[str, Step], scale: DeviceArray) -> None:
        """Take a step of Adam; ``scale``, an array with one number, shortens the gradient."""
        for begin, c in self._parts():
            step = steps[c.name]
            numbers = (step.beta_1, step.beta_2, step.rate, step.epsilon, step.decay)
            adam[c.shape[0], min(ROW_THREADS, self._width), self._memory.stream](
                self.weights, self.gradients, self._first, self._second, begin, *map(np.float32, numbers), scale,
                step.sparse,
            )  # fmt: skip

    def _joined(self, arrays: Weights, rows: int) -> NDArray[np.float32]:
        joined = np.zeros((rows, self._width), np.float32)
        for begin, c in self._parts():
            joined[begin : begin + c.shape[0], : c.shape[1]] = arrays[c.name]
        return joined

    def _parts(self) -> Iterator[tuple[int, Connection]]:
        """Yield each connection with its first row."""
        begin = 0
        for c in self._connections:
            yield begin, c
            begin += c.shape[0]
