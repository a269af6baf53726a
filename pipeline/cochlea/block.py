"""A block of neighbouring channels, from membrane velocity to spikes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.kernels import kernel
from pipeline.cochlea.bushy_cell import BushyCell, fire
from pipeline.cochlea.hair_cell import HairCell, release_probability
from pipeline.cochlea.lanes import LANES
from pipeline.cochlea.vesicles import draw_waits, hazard, release

TILE = 512
"""Steps that one stage processes before the next stage does; their data fit into the processor's cache."""

Array = NDArray[np.float32]


class Block:
    """Hair cells, release sites and bushy cells of at most `LANES` channels, with their state.

    ``dt`` is the time step in s; ``stream`` seeds the block's random numbers.
    """

    def __init__(self, hair_cell: HairCell, bushy_cell: BushyCell, dt: float, channels: int, stream: int) -> None:
        self._channels = channels
        self._hair = hair_cell.per_step(dt)
        self._bushy = bushy_cell.per_step(dt)
        self._dead = bushy_cell.dead_steps(dt)
        self._stream = np.array([stream], dtype=np.uint64)
        self._reserve = np.empty(1024, dtype=np.float32)
        draw_waits(self._stream, self._reserve)
        self._waits = self._reserve[:LANES].copy()
        self._used = LANES
        self._pools = hair_cell.rest(LANES)
        self._ready = np.full(LANES, bushy_cell.sites, dtype=np.float32)
        self._cells = np.zeros((3, LANES), dtype=np.float32)
        self._tile = np.empty((TILE, LANES), dtype=np.float32)
        self._vesicles = np.zeros((self._dead + TILE, LANES), dtype=np.float32)
        self._shortest_interval = int(self._bushy[4]) + 1

    def run(self, velocity: Array, start: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return steps and lanes of the bushy cells' spikes, ascending in time, in the next part of the sound.

        ``velocity`` is that of the membrane, shape (LANES, steps); ``start`` is the step of its first column.
        """
        steps = np.empty(self._channels * (velocity.shape[1] // self._shortest_interval + 1), dtype=np.int32)
        lanes = np.empty_like(steps)
        found = 0
        for first in range(0, velocity.shape[1], TILE):
            part = velocity[:, first : first + TILE]
            tile = self._tile[: part.shape[1]]
            vesicles = self._vesicles[: self._dead + part.shape[1]]
            _transpose(part, tile)
            release_probability(tile, self._hair, self._pools)
            hazard(tile)
            self._used = release(
                tile, vesicles, self._dead, self._ready, self._waits, self._stream, self._reserve, self._used
            )
            found = fire(
                vesicles, self._dead, self._bushy, self._cells, start + first, self._channels, steps, lanes, found
            )
            self._vesicles[: self._dead] = vesicles[part.shape[1] :].copy()
        return steps[:found], lanes[:found]


@kernel(nogil=True)
def _transpose(part: Array, tile: Array) -> None:
    """Copy ``part``, shape (LANES, steps), to ``tile``, shape (steps, LANES)."""
    for t in range(part.shape[1]):
        for i in range(LANES):
            tile[t, i] = part[i, t]
