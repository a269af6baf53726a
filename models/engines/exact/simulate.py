"""The forward pass: from one event to the next, with no time step between.

The state of a neuron is updated when a spike arrives at one of its synapses and when it spikes itself. The log of these
updates, with the state after each, describes a trial completely: between two of them `dynamics.voltage_after` gives the
voltage.
"""

from __future__ import annotations

import heapq
import math
from typing import NamedTuple

import numpy as np

from models.engines.exact.compiled import Array, Ints, compiled
from models.engines.exact.dynamics import crossing, voltage_after
from models.engines.exact.flatten import Circuit

RESET = -1
"""In `Log.synapse`: the neuron spiked."""

START = -2
"""In `Log.synapse`: the trial began."""


class Log(NamedTuple):
    """All updates of all neurons in order, shape (updates,) each.

    Attributes
    ----------
    time : ndarray
        In ms.
    voltage, current : ndarray
        Of the neuron after the update.
    synapse : ndarray of int64
        The synapse at which a spike arrived, `RESET` or `START`.
    spike : ndarray of int64
        Number of the spike that arrived or that the neuron fired: input events first, in the order given, then the
        neurons' spikes. -1 at `START`.
    """

    neuron: Ints
    time: Array
    voltage: Array
    current: Array
    synapse: Ints
    spike: Ints


@compiled
def simulate(circuit: Circuit, times: Array, rows: Ints, trial: float) -> Log:
    """Run a trial.

    A spike acts immediately on synapses without delay. A neuron cannot fire twice at one time, since it is reset to 0.

    Parameters
    ----------
    times : ndarray, shape (events,)
        Of the input's events, in ms.
    rows : ndarray of int64, shape (events,)
        Input row of each event.
    trial : float
        Length of the trial in ms.
    """
    size = len(circuit.tau_mem)
    inputs = len(circuit.branches) - 1 - size
    log = [(n, 0.0, 0.0, 0.0, START, -1) for n in range(size)]
    latest = np.arange(size)  # Latest update of each neuron.
    # Future events: time, number (of two at one time the lower comes first), and either a branch and the spike that
    # arrives there, or -1 - neuron and the neuron's latest update when its spike was predicted. A later update
    # voids the prediction.
    queue = [(_next_spike(circuit, n, 0.0, 0.0, 0.0, trial), n, -1 - n, n) for n in range(size)]
    heapq.heapify(queue)
    number = size
    for spike in range(len(times)):
        for branch in range(circuit.branches[rows[spike]], circuit.branches[rows[spike] + 1]):
            heapq.heappush(queue, (times[spike] + circuit.delay[branch], number, branch, spike))
            number += 1
    fired = len(times)

    while len(queue) > 0 and queue[0][0] < trial:
        time, _, what, which = heapq.heappop(queue)
        if what < 0 and latest[-1 - what] != which:
            continue
        first, end = (circuit.synapses[what], circuit.synapses[what + 1]) if what >= 0 else (RESET, RESET + 1)
        for synapse in range(first, end):
            n = circuit.target[synapse] if what >= 0 else -1 - what
            _, since, voltage, current, _, _ = log[latest[n]]
            tau_mem, tau_syn = circuit.tau_mem[n], circuit.tau_syn[n]
            voltage = voltage_after(time - since, voltage, current, circuit.bias[n], tau_mem, tau_syn)
            current *= math.exp(-(time - since) / tau_syn)
            if what >= 0:
                current += circuit.weight[synapse]
            else:
                voltage = 0.0
            latest[n] = len(log)
            log.append((n, time, voltage, current, synapse, which if what >= 0 else fired))
            heapq.heappush(queue, (_next_spike(circuit, n, time, voltage, current, trial), number, -1 - n, latest[n]))
            number += 1
        if what < 0:
            source = inputs - 1 - what
            for branch in range(circuit.branches[source], circuit.branches[source + 1]):
                heapq.heappush(queue, (time + circuit.delay[branch], number, branch, fired))
                number += 1
            fired += 1

    return Log(
        np.array([update[0] for update in log]),
        np.array([update[1] for update in log]),
        np.array([update[2] for update in log]),
        np.array([update[3] for update in log]),
        np.array([update[4] for update in log]),
        np.array([update[5] for update in log]),
    )


@compiled
def _next_spike(circuit: Circuit, n: int, time: float, voltage: float, current: float, trial: float) -> float:
    """Return the time in ms when neuron ``n`` fires if nothing arrives, infinite if not before the trial's end."""
    if circuit.threshold[n] == math.inf:
        return math.inf
    tau_mem, tau_syn = circuit.tau_mem[n], circuit.tau_syn[n]
    return time + crossing(voltage, current, circuit.bias[n], tau_mem, tau_syn, circuit.threshold[n], trial - time)


@compiled
def voltages(circuit: Circuit, log: Log, updates: Ints, times: Array) -> Array:
    """Return voltages at ``times``, each computed from the update that ``updates`` names, shape (times,)."""
    result = np.empty(len(times))
    for i in range(len(times)):
        k = updates[i]
        n = log.neuron[k]
        s, bias = times[i] - log.time[k], circuit.bias[n]
        result[i] = voltage_after(s, log.voltage[k], log.current[k], bias, circuit.tau_mem[n], circuit.tau_syn[n])
    return result
