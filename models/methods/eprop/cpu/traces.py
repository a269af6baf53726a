"""The traces of synapses and of sources, brought from the beginning of a block of steps to its end.

Between a synapse's events each trace at the end is a sum of traces at the beginning, with coefficients of the target
alone; an event adds a number that depends on its step and the target alone. `transposed` has both.
"""

from __future__ import annotations

from models.engines.cpu.vectors import FAST, NIL, TINY, add
from models.kernels import kernel
from models.methods.eprop.cpu.arguments import (
    ADAPTATION,
    BY_ADAPTATION,
    BY_SOURCE,
    BY_VOLTAGE,
    CURRENT_OUT,
    GRADIENT,
    VOLTAGE_OUT,
)


@kernel()
def note(row, step, count, latest, before, steps):  # type: ignore[no-untyped-def]
    """Put an event in its source's chain, as number ``count``; see `Arrivals`."""
    before[count] = latest[row]
    steps[count] = step
    latest[row] = count


@kernel()
def of_thread(arrivals, thread):  # type: ignore[no-untyped-def]
    """Return a thread's part of `Arrivals`."""
    return arrivals.latest[thread], arrivals.before[thread], arrivals.steps[thread]


@kernel(fastmath=FAST)
def advance_synapses(rows, steps, rule, responses, block, arrivals, synapses, sources):  # type: ignore[no-untyped-def]
    """Bring the synapses of ``rows`` to the end of a block of ``steps``.

    Parameters
    ----------
    rows : ndarray of int32
    block : tuple of ndarray
        ``onto``, ``starts``, ``on_gradient`` of `Block`, and scratch of shape (traces * size,).
    arrivals : tuple of ndarray
        ``latest``, ``before``, ``steps`` of `Arrivals`; its chains are emptied.
    synapses : ndarray, shape (all rows, traces * size)
    sources : ndarray, shape (all rows,)
    """
    onto, starts, on_gradient, old = block
    latest, before, arrival_steps = arrivals
    traces, size = starts.shape[0], starts.shape[2]
    on_current, on_voltage = responses.current[steps], responses.voltage[steps]
    current_on_voltage, fades = responses.arrival[steps], responses.source
    for i in range(rows.shape[0]):
        row = rows[i]
        source = sources[row]
        for k in range(old.shape[0]):
            old[k] = synapses[row, k]
        for trace in range(traces):
            first = trace * size
            if trace == CURRENT_OUT:
                own = on_current
            elif trace == VOLTAGE_OUT:
                own = on_voltage
            elif trace == GRADIENT or (rule.regularised and trace == traces - 1):
                own = fades[0]
            else:
                own = NIL * fades[0]
            for j in range(size):
                synapses[row, first + j] = (
                    own * old[first + j] + starts[trace, BY_VOLTAGE, j] * old[j] + starts[trace, BY_SOURCE, j] * source
                )
            if rule.adaptive:
                for j in range(size):
                    synapses[row, first + j] += starts[trace, BY_ADAPTATION, j] * old[ADAPTATION * size + j]
        for j in range(size):
            synapses[row, VOLTAGE_OUT * size + j] += current_on_voltage * old[CURRENT_OUT * size + j]
        for j in range(size):
            synapses[row, GRADIENT * size + j] += on_gradient[0, j] * old[CURRENT_OUT * size + j]
        for j in range(size):
            synapses[row, GRADIENT * size + j] += on_gradient[1, j] * old[VOLTAGE_OUT * size + j]
        source *= fades[steps]
        event = latest[row]
        while event >= 0:
            add(synapses[row], onto[arrival_steps[event]])
            source += fades[steps - arrival_steps[event]]
            event = before[event]
        latest[row] = -1
        sources[row] = source if source > TINY else NIL
        for k in range(old.shape[0]):
            synapses[row, k] = NIL if abs(synapses[row, k]) < TINY else synapses[row, k]


@kernel(fastmath=FAST)
def advance_outputs(steps, responses, onto_out, voltage, current, arrivals, out, gradient):  # type: ignore[no-untyped-def]
    """Bring traces of output synapses to the end of a block, and add to their gradient.

    Parameters
    ----------
    voltage, current : ndarray, shape (classes,)
        What `recede_outputs` left in them.
    arrivals : tuple of ndarray
        As for `advance_synapses`, of hidden spikes at the outputs.
    out : ndarray, shape (size, 2)
    gradient : ndarray, shape (size, classes)
    """
    latest, before, arrival_steps = arrivals
    for j in range(out.shape[0]):
        held, seen = out[j]
        if held == NIL and seen == NIL and latest[j] < 0:
            continue
        for k in range(gradient.shape[1]):
            gradient[j, k] += held * current[k] + seen * voltage[k]
        seen = responses.voltage[steps] * seen + responses.arrival[steps] * held
        held *= responses.current[steps]
        event = latest[j]
        while event >= 0:
            step = arrival_steps[event]
            add(gradient[j], onto_out[step])
            held += responses.current[steps - step]
            seen += responses.arrival[steps - step]
            event = before[event]
        latest[j] = -1
        out[j, 0] = held if held > TINY else NIL
        out[j, 1] = seen if seen > TINY else NIL
