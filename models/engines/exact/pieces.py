"""Identifies the smooth piece that the loss of a trial is on.

As a function of the parameters, the loss has a kink where an arrival and a spike of the same neuron change order. Its
derivative has a kink where an arrival at an output moves into another cell of the readout window, or where the peak
voltage moves to another place among an output's arrivals. Elsewhere, and where no spike appears or vanishes, the loss
is smooth.
"""

from __future__ import annotations

import numpy as np

from models.engines.exact.adjoint import LossGradient
from models.engines.exact.compiled import Array
from models.engines.exact.simulate import Log
from models.losses import Loss


def piece(log: Log, loss_gradient: LossGradient, loss: Loss, window: Array, classes: int, trial: float) -> Array:
    """Return numbers that stay the same while a trial's loss stays on its smooth piece, 1-D; see `observe.observe`.

    They are the synapses at which spikes arrive between one spike of a neuron and the next, sorted, since their order
    may change; the window's value at each of these arrivals if the neuron is an output, else 0; and, if the loss
    observes peaks, the arrivals between or at which each output has its peak.
    """
    by_neuron = np.argsort(log.neuron, kind="stable")
    synapses = log.synapse[by_neuron]
    in_order = by_neuron[np.lexsort((synapses, np.cumsum(synapses < 0)))]
    outputs = np.arange(len(loss_gradient.update) - classes, len(loss_gradient.update))
    cell = np.minimum((log.time * len(window) / trial).astype(np.int64), len(window) - 1)
    value = np.where(log.neuron >= outputs[0], window[cell], 0.0)
    peaks: list[int] = []
    if loss.observes == "peak voltage":
        for n in outputs:
            at = loss_gradient.update[n]
            time = log.time[at] if at >= 0 else loss_gradient.time[loss_gradient.start[n]]
            peaks += [int(np.sum((log.neuron == n) & (log.time <= time))), int(at >= 0)]
    return np.concatenate([log.synapse[in_order], value[in_order], peaks])
