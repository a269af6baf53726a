"""The backward pass: Eventprop from touch to touch, in closed form.

p_V = dL/dV and p_I = dL/dI of each neuron are carried backward over a trial's log (-tau_mem lambda_V and
-tau_syn lambda_I of Wunderlich and Pehle 2021). From a time s after a touch back to it, they and the derivatives by the
neuron's parameters receive what V(s) and I(s) depend on:

    p_V <- p_V dV(s)/dV_0,   p_I <- p_V dV(s)/dI_0 + p_I dI(s)/dI_0,   dL/dtau += p_V dV(s)/dtau + p_I dI(s)/dtau.

The arrival of a spike at a synapse of weight w is worth

    dL/dw += p_I,   dL/dt = w (p_I / tau_syn - p_V / tau_mem),

the latter to the synapse's delay (Meszaros, Knight and Nowotny 2025) and to the time t_n of the spike that arrived. A
spike of neuron n is worth dL/dt_n, the sum over its arrivals and -p_V (I + bias) / tau_mem for its own voltage that
starts anew. Its time follows the voltage before it with dt_n/dV = -1 / V'(t_n), so that with V'(t_n) tau_mem =
I + bias - threshold

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


class Pulls(NamedTuple):
    """How a loss depends on what a trial shows.

    Attributes
    ----------
    start : ndarray of int64, shape (neurons + 1,)
        Neuron ``n`` has samples ``start[n]`` to ``start[n + 1] - 1``, in order of time.
    time, slope : ndarray, shape (samples,)
        When a neuron's voltage counts, in ms, and the loss's derivative with respect to that voltage.
    touch : ndarray of int64, shape (neurons,)
        A touch of each neuron that counts by itself, or -1. Of a `RESET`, its time does; of an arrival the voltage,
        which has a peak there.
    touch_slope : ndarray, shape (neurons,)
        The loss's derivative with respect to that time, per ms, or voltage.
    """

    start: Ints
    time: Array
    slope: Array
    touch: Ints
    touch_slope: Array


class Sensitivities(NamedTuple):
    """Derivatives of one trial's loss.

    Attributes
    ----------
    weight, delay : ndarray, shape (synapses,)
    bias, tau_mem, tau_syn : ndarray, shape (neurons,)
    """

    weight: Array
    delay: Array
    bias: Array
    tau_mem: Array
    tau_syn: Array


@compiled
def backward(circuit: Circuit, log: Log, pulls: Pulls, trial: float) -> Sensitivities:
    """Return the derivatives of a loss that depends on a trial as ``pulls`` says.

    Parameters
    ----------
    circuit : Circuit
    log : Log
        What `simulate` returned for it.
    pulls : Pulls
    trial : float
        Length of the trial in ms.

    Returns
    -------
    Sensitivities
    """
    size = len(circuit.tau_mem)
    by_weight, by_delay = np.zeros(len(circuit.weight)), np.zeros(len(circuit.weight))
    by_bias, by_tau_mem, by_tau_syn = np.zeros(size), np.zeros(size), np.zeros(size)
    by_spike_time = np.zeros(log.spike.max() + 1)
    p_voltage, p_current = np.zeros(size), np.zeros(size)
    reached = np.full(size, trial)  # The time that a neuron's p_V and p_I hold at.
    sample = pulls.start[1:].copy()  # One more than the last that is still to come.

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
            # A sample is a jump of p_V: what it adds goes back to the touch by itself.
            sample[n] -= 1
            if sample[n] < pulls.start[n] or pulls.time[sample[n]] < time:
                sample[n] += 1
                break
            s, p_v = pulls.time[sample[n]] - time, pulls.slope[sample[n]]
        reached[n] = time

        pull = pulls.touch_slope[n] if pulls.touch[n] == k else 0.0
        j, spike = log.synapse[k], log.spike[k]
        if j >= 0:
            by_weight[j] += p_current[n]
            shift = circuit.weight[j] * (p_current[n] / tau_syn - p_voltage[n] / tau_mem)
            # A peak at an arrival moves with it along the voltage's rise before.
            shift += pull * (current - circuit.weight[j] + bias - voltage) / tau_mem
            by_delay[j] += shift
            by_spike_time[spike] += shift
            p_voltage[n] += pull
        elif j == RESET:
            by_spike_time[spike] += pull - p_voltage[n] * (current + bias) / tau_mem
            p_voltage[n] = -by_spike_time[spike] * tau_mem / (current + bias - circuit.threshold[n])

    return Sensitivities(by_weight, by_delay, by_bias, by_tau_mem, by_tau_syn)
