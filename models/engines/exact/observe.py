"""What a loss observes of a trial, and its derivatives with respect to that.

Losses of voltages are integrals of a piecewise constant window times a polynomial of the voltage. The interval of
integration is cut at updates, at edges of the window's cells and at points half the shortest time constant apart. On
each part the integrand is as smooth as an exponential, so that six Gauss-Legendre nodes leave an error below rounding.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from models.engines.exact.adjoint import LossGradient
from models.engines.exact.compiled import Array, Ints, compiled
from models.engines.exact.dynamics import extremum, voltage_after
from models.engines.exact.flatten import Circuit
from models.engines.exact.simulate import RESET, Log, voltages
from models.losses import Loss, MeanSquare

_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(6)


class Observation(NamedTuple):
    """Logits, shape (classes,), loss and derivatives of one trial."""

    logits: Array
    loss: float
    loss_gradient: LossGradient


def observe(
    circuit: Circuit, log: Log, loss: Loss, window: Array, classes: int, label: int, trial: float
) -> Observation:
    """Evaluate the loss of one trial.

    Parameters
    ----------
    circuit : Circuit
        The last ``classes`` of its neurons are the output.
    window : ndarray, shape (cells,)
        The loss's window, constant on each of so many equal parts of the trial.
    trial : float
        Length of the trial in ms.
    """
    size = len(circuit.tau_mem)
    updates = [np.flatnonzero(log.neuron == n) for n in range(size - classes, size)]
    if loss.observes == "first spike":
        return _first_spikes(log, updates, size, loss, label, trial)
    if loss.observes == "peak voltage":
        return _peaks(circuit, log, updates, loss, label, trial)
    return _means(circuit, log, updates, loss, label, trial, window)


def _first_spikes(log: Log, updates: list[Ints], size: int, loss: Loss, label: int, trial: float) -> Observation:
    """Evaluate a loss of the outputs' first spike times."""
    resets = [of[log.synapse[of] == RESET] for of in updates]
    times = [log.time[of[0]] if len(of) else math.inf for of in resets]
    judgement = loss.judge(np.array([times]), np.array([label]), trial)
    first = [of[0] if len(of) else -1 for of in resets]
    loss_gradient = _loss_gradient(size, [(np.zeros(0), np.zeros(0))] * len(updates), first, judgement.gradient[0])
    return Observation(judgement.logits[0], judgement.losses[0], loss_gradient)


def _peaks(circuit: Circuit, log: Log, updates: list[Ints], loss: Loss, label: int, trial: float) -> Observation:
    """Evaluate a loss of the outputs' peak voltages. A peak at an update is observed there, any other as a sample."""
    tops = [_peak(circuit, log, of, trial) for of in updates]
    judgement = loss.judge(np.array([[top for top, _, _ in tops]]), np.array([label]))
    slopes = judgement.gradient[0]
    samples = [
        (np.full(int(update < 0), time), np.full(int(update < 0), slope))
        for (_, time, update), slope in zip(tops, slopes, strict=True)
    ]
    loss_gradient = _loss_gradient(len(circuit.tau_mem), samples, [update for _, _, update in tops], slopes)
    return Observation(judgement.logits[0], judgement.losses[0], loss_gradient)


@compiled
def _peak(circuit: Circuit, log: Log, updates: Ints, trial: float) -> tuple[float, float, int]:
    """Return one neuron's peak voltage, its time, and the update at which it is reached, -1 if it is at none.

    Of equal ones the first counts. At the beginning of the trial the voltage is 0 whatever the parameters are.
    """
    n = log.neuron[updates[0]]
    bias, tau_mem, tau_syn = circuit.bias[n], circuit.tau_mem[n], circuit.tau_syn[n]
    top, when, where = -math.inf, 0.0, -1
    for i in range(len(updates)):
        time, voltage, current = log.time[updates[i]], log.voltage[updates[i]], log.current[updates[i]]
        if voltage > top:
            top, when, where = voltage, time, updates[i]
        last = i + 1 == len(updates)
        left = (trial if last else log.time[updates[i + 1]]) - time
        for s in (extremum(voltage, current, bias, tau_mem, tau_syn), left):
            if s < left or (s == left and last):
                reached = voltage_after(s, voltage, current, bias, tau_mem, tau_syn)
                if reached > top:
                    top, when, where = reached, time + s, -1
    return top, when, where


def _means(
    circuit: Circuit, log: Log, updates: list[Ints], loss: Loss, label: int, trial: float, window: Array
) -> Observation:
    """Evaluate a loss of the trial's means of window times voltage, or of window times squared error."""
    labels = np.array([label])
    nodes = [_nodes(circuit, log, of, trial, window) for of in updates]
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
    return Observation(
        means[0], value, _loss_gradient(len(circuit.tau_mem), samples, [-1] * len(nodes), np.zeros(len(nodes)))
    )


def _nodes(circuit: Circuit, log: Log, updates: Ints, trial: float, window: Array) -> tuple[Array, Array, Array]:
    """Return times, weights and one neuron's voltages, such that weights @ voltages is (1 / T) integral w V dt."""
    n = log.neuron[updates[0]]
    cells, panels = len(window), math.ceil(2 * trial / min(circuit.tau_mem[n], circuit.tau_syn[n]))
    grids = [np.linspace(0.0, trial, pieces + 1) for pieces in (cells, panels)]
    edges = np.unique(np.concatenate([log.time[updates], *grids]))
    middle, half = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    cell = np.minimum((middle * cells / trial).astype(np.int64), cells - 1)
    times = (middle[:, None] + half[:, None] * _NODES).ravel()
    weights = ((window[cell] * half / trial)[:, None] * _NODE_WEIGHTS).ravel()
    since = updates[np.searchsorted(log.time[updates], times, side="right") - 1]
    return times, weights, voltages(circuit, log, since, times)


def _loss_gradient(
    size: int, samples: Sequence[tuple[Array, Array]], update: Sequence[int], update_slope: Array
) -> LossGradient:
    """Return the derivatives for the last of ``size`` neurons: times and slopes of samples, update and its slope."""
    hidden = size - len(samples)
    counts = [0] * (hidden + 1) + [len(time) for time, _ in samples]
    return LossGradient(
        np.cumsum(counts),
        np.concatenate([time for time, _ in samples]),
        np.concatenate([slope for _, slope in samples]),
        np.concatenate([np.full(hidden, -1), update]),
        np.concatenate([np.zeros(hidden), update_slope]),
    )
