"""The inner hair cell converts membrane velocity to the probability that a synapse releases a vesicle.

The transmitter-pool model of Meddis (1986), "Simulation of mechanical to neural transduction in the auditory
receptor", Journal of the Acoustical Society of America 79(3), 702-711, and Meddis (1988), "Simulation of
auditory-neural transduction: further studies", same journal 83(3), 1056-1063.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kernels import kernel
from pipeline.cochlea.lanes import LANES

Array = NDArray[np.float32]


@dataclass(frozen=True)
class HairCell:
    """Three pools of transmitter: free (q), in the cleft (c) and being reprocessed (w).

    Free transmitter leaks into the cleft at the rate
    ``k(s) = permeability max(s + offset, 0) / (max(s + offset, 0) + half)``, where s is the velocity, and

    ``dq/dt = replenish max(pool - q, 0) - k q + reprocess w``,
    ``dc/dt = k q - (loss + reuptake) c``, ``dw/dt = reuptake c - reprocess w``.

    A vesicle is released in a step dt with probability ``release c dt``. Rates are per second.

    Attributes
    ----------
    replenish : float
        Rate at which the factory refills the free pool (the paper's y).
    permeability : float
        Largest leak rate (g).
    offset : float
        The membrane is impermeable at velocities up to minus this (A).
    half : float
        Velocity above -offset at which the leak rate is half the permeability (B).
    loss, reuptake : float
        Rates at which transmitter is lost from the cleft and taken up into the reprocessing store (l, r).
    reprocess : float
        Rate at which the store returns transmitter to the free pool (x).
    release : float
        Release rate per unit of transmitter in the cleft (h).
    pool : float
        Size of the free pool (m).
    """

    replenish: float = 5.05
    permeability: float = 2000.0
    offset: float = 5.0
    half: float = 300.0
    loss: float = 2500.0
    reuptake: float = 6580.0
    reprocess: float = 66.3
    release: float = 50000.0
    pool: float = 1.0

    def rest(self, lanes: int) -> Array:
        """Return free pool, cleft and store without sound, shape (3, lanes): the fixed point (Meddis 1986)."""
        leak = self.permeability * self.offset / (self.offset + self.half)
        cleared = self.loss + self.reuptake
        cleft = self.pool * self.replenish * leak / (self.loss * leak + self.replenish * cleared)
        pools = [cleft * cleared / leak, cleft, cleft * self.reuptake / self.reprocess]
        return np.repeat(np.array(pools, dtype=np.float32)[:, None], lanes, axis=1)

    def per_step(self, dt: float) -> Array:
        """Return the constants of `release_probability`, shape (9,), for Euler steps of ``dt`` seconds."""
        return np.array(
            [
                self.replenish * dt,
                self.permeability * dt,
                self.offset,
                self.half,
                (self.loss + self.reuptake) * dt,
                self.reuptake * dt,
                self.reprocess * dt,
                self.release * dt,
                self.pool,
            ],
            dtype=np.float32,
        )


@kernel(nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def release_probability(velocity: Array, constants: Array, pools: Array) -> None:
    """Replace velocities by the probabilities that a site releases a vesicle in each step, in place.

    Parameters
    ----------
    velocity : ndarray of float32, shape (steps, LANES)
        Membrane velocity; holds the probabilities afterwards.
    constants : ndarray of float32, shape (9,)
        From `HairCell.per_step`.
    pools : ndarray of float32, shape (3, LANES)
        Free pool, cleft and store; updated.
    """
    replenish, permeability, offset, half = constants[0], constants[1], constants[2], constants[3]
    cleared, reuptake, reprocess = constants[4], constants[5], constants[6]
    release, pool = constants[7], constants[8]
    zero, one = np.float32(0), np.float32(1)
    for t in range(velocity.shape[0]):
        for i in range(LANES):
            free, cleft, store = pools[0, i], pools[1, i], pools[2, i]
            drive = max(velocity[t, i] + offset, zero)
            eject = permeability * drive / (drive + half) * free
            returned = reprocess * store
            cleft_now = max(cleft + eject - cleared * cleft, zero)
            pools[0, i] = max(free + replenish * max(pool - free, zero) - eject + returned, zero)
            pools[1, i] = cleft_now
            pools[2, i] = max(store + reuptake * cleft - returned, zero)
            velocity[t, i] = min(cleft_now * release, one)
