"""Input events on the simulation's time grid: what engines are fed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.kernels import kernel

GUARD_STEPS = 2
"""Input events in this many steps at a trial's end are dropped: their spikes could not reach the readout in time,
and in GeNN they would leak into the next trial."""


@dataclass(frozen=True)
class SpikeBatch:
    """The events of a batch of examples, in order of time.

    Attributes
    ----------
    steps : ndarray of int32, shape (events,)
        Time step of each event, floor(t / dt).
    units : ndarray of int32, shape (events,)
        Channel of each event; a channel has at most one event a step.
    offsets : ndarray of int64, shape (examples + 1,)
        Example ``b`` is ``steps[offsets[b]:offsets[b + 1]]``.
    labels : ndarray of int64, shape (examples,)
        Class of each example.
    given, beyond : int
        How many events the examples had, and how many of those were dropped since they lie beyond the trial's end.
    """

    steps: NDArray[np.int32]
    units: NDArray[np.int32]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int64]
    given: int = 0
    beyond: int = 0

    def __len__(self) -> int:
        """Return the number of examples."""
        return len(self.labels)


def discretise(
    times: NDArray[np.float32],
    units: NDArray[np.uint16],
    offsets: NDArray[np.int64],
    labels: NDArray[np.int64],
    dt: float,
    steps: int,
    channels: int,
    chosen: NDArray[np.int64] | None = None,
    shifts: NDArray[np.int64] | None = None,
) -> SpikeBatch:
    """Put events on the time grid.

    An event at time t falls in step floor(t / dt). Events from the last `GUARD_STEPS` steps on are dropped, and
    several events of a channel in one step are one: neither engine's input can spike twice in a step.

    Parameters
    ----------
    times : ndarray of float32, shape (events,)
        In ms, ascending within an example.
    units : ndarray of uint16, shape (events,)
    offsets : ndarray of int64, shape (examples + 1,)
        Where each example begins.
    labels : ndarray of int64, shape (examples,)
    dt : float
        Step in ms.
    chosen : ndarray of int64, shape (batch,), optional
        Which examples, in this order; all unless given.
    shifts : ndarray of int64, shape (batch,), optional
        Channels by which each chosen example's events move; those that leave the channels are dropped.
    """
    chosen = np.arange(len(labels)) if chosen is None else chosen
    shifts = np.zeros(len(chosen), np.int64) if shifts is None else shifts
    room = int((offsets[chosen + 1] - offsets[chosen]).sum())
    batch = SpikeBatch(
        np.empty(room, dtype=np.int32),
        np.empty(room, dtype=np.int32),
        np.zeros(len(chosen) + 1, dtype=np.int64),
        np.asarray(labels, dtype=np.int64)[chosen],
    )
    kept, beyond = _bin(
        times, units, offsets, chosen, shifts, channels, 1.0 / dt, steps - GUARD_STEPS, batch.steps, batch.units,
        batch.offsets,
    )  # fmt: skip
    return replace(batch, steps=batch.steps[:kept], units=batch.units[:kept], given=room, beyond=beyond)


@kernel(nogil=True)
def _bin(times, units, offsets, chosen, shifts, channels, rate, end, out_steps, out_units, out_offsets):  # type: ignore[no-untyped-def]
    """Write each event and count it only if it is its channel's first of the step: no branch to mispredict."""
    latest = np.empty(channels, np.int32)
    n = np.int64(0)
    beyond = np.int64(0)
    for row in range(chosen.shape[0]):
        latest[:] = -1
        shift = np.int32(shifts[row])
        stop = offsets[chosen[row] + 1]
        for i in range(offsets[chosen[row]], stop):
            # float64: a float32 product can round up to the next step.
            place = np.float64(times[i]) * rate
            # Before it is made an integer, which a time far beyond the trial would overflow.
            if place >= end:
                beyond += stop - i
                break
            step = np.int32(place)
            unit = np.int32(units[i]) + shift
            if unit < 0 or unit >= channels:
                continue
            out_steps[n] = step
            out_units[n] = unit
            n += latest[unit] != step
            latest[unit] = step
        out_offsets[row + 1] = n
    return n, beyond
