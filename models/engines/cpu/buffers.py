"""Memory that a layer keeps from batch to batch: new pages cost more than the work that is done in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.engines.cpu.arguments import Floats, ForwardTape, GradientSums, Scratch
from models.engines.cpu.backward import BLOCK
from models.engines.cpu.memory import aligned
from models.engines.cpu.parameters import LayerParameters
from models.engines.time_constants import SUMS


class Buffers:
    """Tapes and accumulators of a layer; each request reuses what the one before returned."""

    def __init__(self, layer: LayerParameters) -> None:
        self._layer = layer
        self._tape: ForwardTape | None = None
        self._sums: tuple[Floats, Floats, Floats] | None = None
        self._scratch: Scratch | None = None

    def tape(self, examples: int, capacity: int, voltages: Floats, states: Floats) -> ForwardTape:
        """Return a tape with room for ``capacity`` spikes per example."""
        kept = self._tape
        if kept is None or len(kept.counts) < examples or kept.steps.shape[1] != capacity:
            shape = (examples, capacity)
            kept = self._tape = ForwardTape(
                np.empty(shape, np.int32),
                np.empty(shape, np.int32),
                np.empty(shape if self._layer.grid.interpolated else (examples, 0), np.float32),
                np.empty(shape, np.float32),
                np.empty(examples, np.int64),
                np.empty(examples, np.bool_),
                voltages[:0],
                states[:0],
            )
        return ForwardTape._make((*(array[:examples] for array in kept[:6]), voltages, states))

    def sums(self, first_of_group: NDArray[np.int64], event_times: Floats, adjoints: Floats) -> GradientSums:
        """Return accumulators of gradients, not cleared."""
        groups, layer = len(first_of_group) - 1, self._layer
        if self._sums is None or len(self._sums[0]) != groups:
            rows, size = layer.matrix.shape
            self._sums = (
                aligned((groups, rows, size)),
                np.empty((groups, len(layer.delays), size), np.float32),
                np.empty((groups, SUMS, size), np.float32),
            )
        return GradientSums(first_of_group, *self._sums, event_times, adjoints)

    def scratch(self, arrivals: int) -> Scratch:
        """Return scratch memory for examples with up to so many arrivals, in two parts each."""
        room, kept = 2 * arrivals + 1, self._scratch
        if kept is None or kept.order.shape[1] < room:
            threads, (rows, size) = self._layer.grid.threads, self._layer.matrix.shape
            kept = self._scratch = Scratch(
                aligned((threads, min(BLOCK, self._layer.grid.steps) + 1, size)),
                np.empty((threads, rows + 1), np.int32),
                np.empty((threads, room + room // 4), np.int32),
                np.empty((threads, room + room // 4), np.float32),
            )
        return kept
