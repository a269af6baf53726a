"""The backward pass: Eventprop from one update of a neuron back to the one before, in closed form.

p_V = dL/dV and p_I = dL/dI of each neuron are carried backward over a trial's log (-tau_mem lambda_V and
-tau_syn lambda_I of Wunderlich and Pehle 2021). Going back from a time s after an update to the update itself, the
chain rule through V(s) and I(s) gives

    p_V <- p_V dV(s)/dV_0,   p_I <- p_V dV(s)/dI_0 + p_I dI(s)/dI_0,   dL/dtau += p_V dV(s)/dtau + p_I dI(s)/dtau.

The arrival of a spike at a synapse of weight w contributes

    dL/dw += p_I,   dL/dt = w (p_I / tau_syn - p_V / tau_mem),

the latter to the gradient of the synapse's delay (Meszaros, Knight and Nowotny 2025) and of the time t_n of the spike
that arrived. dL/dt_n of a spike of neuron n is the sum over its arrivals and -p_V (I + bias) / tau_mem for the voltage
of the neuron itself, which restarts from 0. The time depends on the voltage before it with dt_n/dV = -1 / V'(t_n), so
that with V'(t_n) tau_mem = I + bias - threshold

    p_V <- -dL/dt_n tau_mem / (I + bias - threshold).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from models.engines.exact.compiled import Array, Ints, compiled
from models.engines.exact.dynamics import derivatives
from models.engines.exact.flatten import Circuit
from models.engines.exact.simulate import RESET, Log


class LossGradient(NamedTuple):
    """Derivatives of a loss with respect to what it observes of a trial.

    Attributes
    ----------
    start : ndarray of int64, shape (neurons + 1,)
        Neuron ``n`` has samples ``start[n]`` to ``start[n + 1] - 1``, in order of time.
    time, slope : ndarray, shape (samples,)
        Times in ms at which the loss observes a neuron's voltage, and its derivative with respect to that voltage.
    update : ndarray of int64, shape (neurons,)
        An update of each neuron that the loss observes directly, or -1: the time of a `RESET`, or the voltage at an
        arrival, where it has its peak.
    update_slope : ndarray, shape (neurons,)
        The loss's derivative with respect to that time, per ms, or voltage.
    """

    start: Ints
    time: Array
    slope: Array
    update: Ints
    update_slope: Array


class Sensitivities(NamedTuple):
    """Derivatives of one trial's loss.

    Attributes
    ----------
    weight, delay : ndarray, shape (synapses,)
    bias, tau_mem, tau_syn : ndarray, shape (neurons,)
        Those with respect to delays and time constants per ms.
    """

    weight: Array
    delay: Array
    bias: Array
    tau_mem: Array
    tau_syn: Array


@compiled
def backward(circuit: Circuit, log: Log, loss_gradient: LossGradient, trial: float) -> Sensitivities:
    """Return the derivatives of a trial's loss with respect to all parameters.

    Parameters
    ----------
    log : Log
        What `simulate` returned for it.
    loss_gradient : LossGradient
        The loss's derivatives with respect to what it observes.
    trial : float
        Length of the trial in ms.
    """
    size = len(circuit.tau_mem)
    by_weight, by_delay = np.zeros(len(circuit.weight)), np.zeros(len(circuit.weight))
    by_bias, by_tau_mem, by_tau_syn = np.zeros(size), np.zeros(size), np.zeros(size)
    by_spike_time = np.zeros(log.spike.max() + 1)
    p_voltage, p_current = np.zeros(size), np.zeros(size)
    reached = np.full(size, trial)  # The time at which a neuron's p_V and p_I are.
    sample = loss_gradient.start[1:].copy()  # One more than the last that is still to come.

    for k in range(len(log.time) - 1, -1, -1):
        n, time, voltage, current = log.neuron[k], log.time[k], log.voltage[k], log.current[k]
        tau_mem, tau_syn, bias = circuit.tau_mem[n], circuit.tau_syn[n], circuit.bias[n]

        s, p_v, p_i = reached[n] - time, p_voltage[n], p_current[n]
        decay = math.exp(-s / tau_syn)
        p_voltage[n], p_current[n] = 0.0, p_i * decay
        by_tau_syn[n] += p_i * current * decay * s / tau_syn**2
        while True:
            d_v, d_i, d_bias, d_mem, d_syn = derivatives(s, voltage, current, bias, tau_mem, tau_syn)
            p_voltage[n] += p_v * d_v
            p_current[n] += p_v * d_i
            by_bias[n] += p_v * d_bias
            by_tau_mem[n] += p_v * d_mem
            by_tau_syn[n] += p_v * d_syn
            # A sample is a jump of p_V, carried back to the update separately.
            sample[n] -= 1
            if sample[n] < loss_gradient.start[n] or loss_gradient.time[sample[n]] < time:
                sample[n] += 1
                break
            s, p_v = loss_gradient.time[sample[n]] - time, loss_gradient.slope[sample[n]]
        reached[n] = time

        direct = loss_gradient.update_slope[n] if loss_gradient.update[n] == k else 0.0
        j, spike = log.synapse[k], log.spike[k]
        if j >= 0:
            by_weight[j] += p_current[n]
            shift = circuit.weight[j] * (p_current[n] / tau_syn - p_voltage[n] / tau_mem)
            # A peak at an arrival moves with it, along the rise of the voltage before.
            shift += direct * (current - circuit.weight[j] + bias - voltage) / tau_mem
            by_delay[j] += shift
            by_spike_time[spike] += shift
            p_voltage[n] += direct
        elif j == RESET:
            by_spike_time[spike] += direct - p_voltage[n] * (current + bias) / tau_mem
            p_voltage[n] = -by_spike_time[spike] * tau_mem / (current + bias - circuit.threshold[n])

    return Sensitivities(by_weight, by_delay, by_bias, by_tau_mem, by_tau_syn)
