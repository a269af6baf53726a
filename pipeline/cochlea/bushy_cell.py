"""The bushy cell: a leaky integrate-and-fire neuron that receives the vesicles of forty release sites.

After Cramer et al. (2020): each channel's hair cell has independent release sites with a dead time. All sites of a
channel converge on one bushy cell, which locks to the phase of a tone more precisely than a single auditory nerve
fibre does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.kernels import kernel
from pipeline.cochlea.lanes import LANES

Array = NDArray[np.float32]


@dataclass(frozen=True)
class BushyCell:
    """Leaky integrate-and-fire neuron with exponential synapses, threshold 1 and reset 0.

    ``dv/dt = -v / tau_mem + weight / sites * i`` and ``di/dt = -i / tau_syn``; every vesicle adds 1 to the
    synaptic current i. Times are in seconds.

    Attributes
    ----------
    sites : int
        Release sites that converge on the cell.
    dead_time : float
        Time after a release during which a site cannot release again.
    tau_mem, tau_syn : float
        Time constants of membrane and synapse.
    refractory : float
        Time after a spike during which the voltage is held at 0.
    weight : float
        Voltage per unit current and second, for all sites together.
    threshold : float
        Voltage at which the cell spikes.
    """

    sites: int = 40
    dead_time: float = 1e-3
    tau_mem: float = 1e-3
    tau_syn: float = 5e-4
    refractory: float = 1e-3
    weight: float = 13e3
    threshold: float = 1.0

    def dead_steps(self, dt: float) -> int:
        """Return the number of steps from a release to the next possible one of the same site, at least 1."""
        return max(1, _steps(self.dead_time, dt))

    def per_step(self, dt: float) -> Array:
        """Return the constants for `fire` with steps of ``dt`` seconds; shape (5,)."""
        return np.array(
            [
                math.exp(-dt / self.tau_mem),
                math.exp(-dt / self.tau_syn),
                self.weight / self.sites * dt,
                self.threshold,
                _steps(self.refractory, dt),
            ],
            dtype=np.float32,
        )


def _steps(duration: float, dt: float) -> int:
    """Round a duration up to steps: a rounding error must not make 25 of the 24 in a millisecond at 24 kHz."""
    return math.ceil(duration / dt - 1e-6)


@kernel(nogil=True, fastmath={"contract", "nsz"})
def fire(
    vesicles: Array,
    dead: int,
    constants: Array,
    state: Array,
    start: int,
    channels: int,
    steps: NDArray[np.int32],
    lanes: NDArray[np.int32],
    found: int,
) -> int:
    """Integrate the bushy cells and record their spikes.

    Parameters
    ----------
    vesicles : ndarray of float32, shape (dead + steps, LANES)
        Releases; the first ``dead`` rows, of earlier steps, are skipped.
    constants : ndarray of float32, shape (5,)
        From `BushyCell.per_step`.
    state : ndarray of float32, shape (3, LANES)
        Voltage, current and remaining refractory steps; updated.
    start : int
        Step of the first row after the skipped ones.
    channels : int
        The first lanes, which have a channel; only their spikes are recorded.
    steps, lanes : ndarray of int32, shape (capacity,)
        Spikes are written here from index ``found`` on; the number of spikes in all is returned.
    """
    decay_mem, decay_syn, gain = constants[0], constants[1], constants[2]
    threshold, hold = constants[3], constants[4]
    zero, one = np.float32(0), np.float32(1)
    for t in range(dead, vesicles.shape[0]):
        spiking = np.int32(0)
        for i in range(LANES):
            current = state[1, i] * decay_syn + vesicles[t, i]
            held = state[2, i]
            voltage = state[0, i] * decay_mem + current * gain
            voltage = voltage if held <= zero else zero
            state[0, i] = voltage
            state[1, i] = current
            state[2, i] = max(held - one, zero)
            spiking += np.int32(voltage >= threshold)
        if spiking > 0:
            for i in range(LANES):
                if state[0, i] >= threshold:
                    state[0, i] = zero
                    state[2, i] = hold
                    if i < channels:
                        steps[found] = start + t - dead
                        lanes[found] = i
                        found += 1
    return found
