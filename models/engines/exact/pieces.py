"""Which of its smooth pieces the loss of a trial is on.

As a function of the parameters the loss has a kink where an arrival and a spike of the same neuron change places. Its
derivative has one where an arrival at an output changes cell of the readout window, or the greatest voltage is reached
elsewhere among an output's arrivals. Between these places, and where no spike comes or goes, it is smooth.
"""

from __future__ import annotations

import numpy as np

from models.engines.exact.adjoint import Pulls
from models.engines.exact.compiled import Array
from models.engines.exact.simulate import Log
from models.losses import Loss


def piece(log: Log, pulls: Pulls, loss: Loss, window: Array, classes: int, trial: float) -> Array:
    """Return numbers that stay the same as long as a trial's loss stays on its smooth piece.

    Parameters
    ----------
    log : Log
    pulls : Pulls
        The loss's on this trial.
    loss : Loss
    window : ndarray, shape (cells,)
        See `observe.observe`.
    classes : int
    trial : float
        Length of the trial in ms.

    Returns
    -------
    ndarray, 1-D
        The synapses at which spikes arrive between one spike of a neuron and the next, sorted, for they may change
        places; the window's value at each of these arrivals if the neuron is an output, else 0; and between which
        arrivals, or at which one, each output is greatest if the loss observes that.
    """
    by_neuron = np.argsort(log.neuron, kind="stable")
    synapses = log.synapse[by_neuron]
    in_order = by_neuron[np.lexsort((synapses, np.cumsum(synapses < 0)))]
    outputs = np.arange(len(pulls.touch) - classes, len(pulls.touch))
    cell = np.minimum((log.time * len(window) / trial).astype(np.int64), len(window) - 1)
    value = np.where(log.neuron >= outputs[0], window[cell], 0.0)
    peaks: list[int] = []
    if loss.observes == "peak voltage":
        for n in outputs:
            at = pulls.touch[n]
            time = log.time[at] if at >= 0 else pulls.time[pulls.start[n]]
            peaks += [int(np.sum((log.neuron == n) & (log.time <= time))), int(at >= 0)]
    return np.concatenate([log.synapse[in_order], value[in_order], peaks])
