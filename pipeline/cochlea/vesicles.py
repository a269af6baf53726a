"""Vesicle release: the number of a channel's sites that release in each step, given the probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.kernels import kernel
from pipeline.cochlea.lanes import LANES

Array = NDArray[np.float32]

_SERIES_UP_TO = 0.5
_LARGEST_PROBABILITY = 1 - 2.0**-23


@kernel(nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def hazard(probability: Array) -> None:
    """Replace probabilities p by hazards -log(1 - p), in place; shape (steps, LANES)."""
    one, two = np.float32(1), np.float32(2)
    most, limit = np.float32(_LARGEST_PROBABILITY), np.float32(_SERIES_UP_TO)
    # -log(1 - p) = 2 artanh(p / (2 - p)). The series is exact to float32 up to p = 1/2, which the published
    # constants never reach. It compiles to vector instructions; a call of the logarithm does not.
    c3, c5, c7 = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7)
    c9, c11 = np.float32(1 / 9), np.float32(1 / 11)
    for t in range(probability.shape[0]):
        row = probability[t]
        beyond = np.int32(0)
        for i in range(LANES):
            beyond += np.int32(row[i] > limit)
        if beyond > 0:
            for i in range(LANES):
                row[i] = -np.log1p(-min(row[i], most))
        else:
            for i in range(LANES):
                z = row[i] / (two - row[i])
                zz = z * z
                row[i] = two * z * (one + zz * (c3 + zz * (c5 + zz * (c7 + zz * (c9 + zz * c11)))))


@kernel(nogil=True)
def draw_waits(stream: NDArray[np.uint64], reserve: Array) -> None:
    """Fill ``reserve`` with draws from the unit exponential distribution.

    ``stream``, shape (1,), is the state of the generator, SplitMix64 (Steele, Lea and Flood 2014).
    """
    state = stream[0]
    for j in range(len(reserve)):
        state += np.uint64(0x9E3779B97F4A7C15)
        z = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
        # Uniform on (0, 1]: the logarithm stays finite.
        reserve[j] = -np.log((np.float64(np.int64(z >> np.uint64(11))) + 1.0) * 2.0**-53)
    stream[0] = state


@kernel(nogil=True, error_model="numpy")
def release(
    hazards: Array,
    vesicles: Array,
    dead: int,
    ready: Array,
    waits: Array,
    stream: NDArray[np.uint64],
    reserve: Array,
    used: int,
) -> int:
    """Draw how many of a channel's sites release a vesicle in each step.

    Every ready site releases independently with probability p = 1 - exp(-hazard) and is then dead for ``dead``
    steps. The sites of a channel are identical, so only their number matters. A step is an interval of length
    ``hazard`` in which every ready site waits for a unit exponential time. The first of n releases comes after
    1/n of such a time, and n - 1 sites remain for the rest of the interval. One exponential draw per vesicle
    therefore gives exactly the binomial counts.

    Parameters
    ----------
    hazards : ndarray of float32, shape (steps, LANES)
        -log(1 - p).
    vesicles : ndarray of float32, shape (dead + steps, LANES)
        Releases; the first ``dead`` rows, at least 1, are those of the preceding steps, the others are overwritten.
    ready : ndarray of float32, shape (LANES,)
        State: number of sites that are not dead.
    waits : ndarray of float32, shape (LANES,)
        State: remaining waiting time to the next release, summed over the ready sites.
    stream, reserve : ndarray
        See `draw_waits`; ``reserve`` is refilled when all its draws are used.
    used : int
        Number of draws already used; how many are used now is returned.
    """
    zero, one = np.float32(0), np.float32(1)
    due = np.empty(LANES, dtype=np.int64)
    vesicles[dead:] = zero
    for t in range(hazards.shape[0]):
        for i in range(LANES):
            n = ready[i] + vesicles[t, i]
            ready[i] = n
            waits[i] -= n * hazards[t, i]
        # Collected without a branch: the processor cannot predict which lanes are due, and mispredictions cost more.
        count = 0
        for i in range(LANES):
            due[count] = i
            count += waits[i] < zero
        for j in range(count):
            i = due[j]
            n, wait, released = ready[i], waits[i], zero
            while wait < zero:
                if used == len(reserve):
                    draw_waits(stream, reserve)
                    used = 0
                wait /= n
                n -= one
                wait = reserve[used] + wait * n
                released += one
                used += 1
            ready[i], waits[i], vesicles[t + dead, i] = n, wait, released
    return used
