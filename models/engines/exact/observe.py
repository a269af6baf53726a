"""What a loss sees of a trial, and how it pulls at that.

Losses of voltages are integrals of a piecewise constant window times a polynomial of the voltage. Between touches, the
edges of the window's cells and further points half the shortest time constant apart, the integrand is as smooth as an
exponential: six Gauss-Legendre nodes then leave an error below rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.engines.exact.adjoint import Pulls
from models.engines.exact.compiled import Array, Ints, compiled
from models.engines.exact.dynamics import extremum, voltage_after
from models.engines.exact.flatten import Circuit
from models.engines.exact.simulate import RESET, Log, voltages
from models.losses import Loss, MeanSquare

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(6)


class Seen(NamedTuple):
    """What a loss says of one trial.

    Attributes
    ----------
    logits : ndarray, shape (classes,)
    loss : float
    pulls : Pulls
    """

    logits: Array
    loss: float
    pulls: Pulls


def observe(circuit: Circuit, log: Log, loss: Loss, window: Array, classes: int, label: int, trial: float) -> Seen:
    """Judge one trial.

    Parameters
    ----------
    circuit : Circuit
        The last ``classes`` of its neurons are the output.
    log : Log
        What `simulate` returned for it.
    loss : Loss
    window : ndarray, shape (cells,)
        The loss's window, constant on each of so many equal parts of the trial.
    classes, label : int
    trial : float
        Length of the trial in ms.

    Returns
    -------
    Seen
    """
    size = len(circuit.tau_mem)
    touches = [np.flatnonzero(log.neuron == n) for n in range(size - classes, size)]
    if loss.observes == "first spike":
        return _first_spikes(log, touches, size, loss, label, trial)
    if loss.observes == "peak voltage":
        return _peaks(circuit, log, touches, loss, label, trial)
    return _means(circuit, log, touches, loss, label, trial, window)


def _first_spikes(log: Log, touches: list[Ints], size: int, loss: Loss, label: int, trial: float) -> Seen:
    """Judge the outputs' first spike times."""
    resets = [of[log.synapse[of] == RESET] for of in touches]
    times = [log.time[of[0]] if len(of) else math.inf for of in resets]
    judgement = loss.judge(np.array([times]), np.array([label]), trial)
    first = [of[0] if len(of) else -1 for of in resets]
    pulls = _pulls(size, [(np.zeros(0), np.zeros(0))] * len(touches), first, judgement.gradient[0])
    return Seen(judgement.logits[0], judgement.losses[0], pulls)


def _peaks(circuit: Circuit, log: Log, touches: list[Ints], loss: Loss, label: int, trial: float) -> Seen:
    """Judge the outputs' greatest voltages; one that is reached at a touch counts there, any other one as a sample."""
    tops = [_peak(circuit, log, of, trial) for of in touches]
    judgement = loss.judge(np.array([[top for top, _, _ in tops]]), np.array([label]))
    slopes = judgement.gradient[0]
    samples = [
        (np.full(int(touch < 0), time), np.full(int(touch < 0), slope))
        for (_, time, touch), slope in zip(tops, slopes, strict=True)
    ]
    pulls = _pulls(len(circuit.tau_mem), samples, [touch for _, _, touch in tops], slopes)
    return Seen(judgement.logits[0], judgement.losses[0], pulls)


@compiled
def _peak(circuit: Circuit, log: Log, touches: Ints, trial: float) -> tuple[float, float, int]:
    """Return one neuron's greatest voltage, its time, and the touch where it is reached, -1 if it is at none.

    Of equal ones the first counts. At the begin of the trial the voltage is 0 whatever the parameters are.
    """
    n = log.neuron[touches[0]]
    bias, tau_mem, tau_syn = circuit.bias[n], circuit.tau_mem[n], circuit.tau_syn[n]
    top, when, where = -math.inf, 0.0, -1
    for i in range(len(touches)):
        time, voltage, current = log.time[touches[i]], log.voltage[touches[i]], log.current[touches[i]]
        if voltage > top:
            top, when, where = voltage, time, touches[i]
        last = i + 1 == len(touches)
        left = (trial if last else log.time[touches[i + 1]]) - time
        for s in (extremum(voltage, current, bias, tau_mem, tau_syn), left):
            if s < left or (s == left and last):
                reached = voltage_after(s, voltage, current, bias, tau_mem, tau_syn)
                if reached > top:
                    top, when, where = reached, time + s, -1
    return top, when, where


def _means(
    circuit: Circuit, log: Log, touches: list[Ints], loss: Loss, label: int, trial: float, window: Array
) -> Seen:
    """Judge the trial's means of window times voltage, or of window times squared error."""
    labels = np.array([label])
    nodes = [_nodes(circuit, log, of, trial, window) for of in touches]
    means = np.array([[weight @ voltage for _, weight, voltage in nodes]])
    if isinstance(loss, MeanSquare):
        errors = [v - y for (_, _, v), y in zip(nodes, loss.targets(labels, len(nodes))[0], strict=True)]
        slopes = [weight * error for (_, weight, _), error in zip(nodes, errors, strict=True)]
        value = 0.5 * sum(slope @ error for slope, error in zip(slopes, errors, strict=True))
    else:
        judgement = loss.judge(means, labels)
        means, value = judgement.logits, judgement.losses[0]
        slopes = [weight * g for (_, weight, _), g in zip(nodes, judgement.gradient[0], strict=True)]
    samples = [(time, slope) for (time, _, _), slope in zip(nodes, slopes, strict=True)]
    return Seen(means[0], value, _pulls(len(circuit.tau_mem), samples, [-1] * len(nodes), np.zeros(len(nodes))))


def _nodes(circuit: Circuit, log: Log, touches: Ints, trial: float, window: Array) -> tuple[Array, Array, Array]:
    """Return times, weights and one neuron's voltages, such that weights @ voltages is (1 / T) integral w V dt."""
    n = log.neuron[touches[0]]
    cells, panels = len(window), math.ceil(2 * trial / min(circuit.tau_mem[n], circuit.tau_syn[n]))
    grids = [np.linspace(0.0, trial, pieces + 1) for pieces in (cells, panels)]
    edges = np.unique(np.concatenate([log.time[touches], *grids]))
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    cell = np.minimum((middle * cells / trial).astype(np.int64), cells - 1)
    times = (middle[:, None] + half[:, None] * _NODES).ravel()
    weights = ((window[cell] * half / trial)[:, None] * _NODE_WEIGHTS).ravel()
    since = touches[np.searchsorted(log.time[touches], times, side="right") - 1]
    return times, weights, voltages(circuit, log, since, times)


def _pulls(size: int, samples: Sequence[tuple[Array, Array]], touch: Sequence[int], touch_slope: Array) -> Pulls:
    """Return pulls at the last of ``size`` neurons: each one's times and slopes, its touch and that one's slope."""
    hidden = size - len(samples)
    counts = [0] * (hidden + 1) + [len(time) for time, _ in samples]
    return Pulls(
        np.cumsum(counts),
        np.concatenate([time for time, _ in samples]),
        np.concatenate([slope for _, slope in samples]),
        np.concatenate([np.full(hidden, -1), touch]),
        np.concatenate([np.zeros(hidden), touch_slope]),
    )
