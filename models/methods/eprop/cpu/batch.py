"""A batch: every example in blocks of steps, forward, and its traces after each block."""

from __future__ import annotations

import numba
import numpy as np
from numba import prange

from models.engines.cpu.vectors import FAST, NIL, add, all_finite, clear, fill
from models.kernels import kernel
from models.methods.eprop.cpu.arguments import BLOCK, GRADIENT, Layers, Method
from models.methods.eprop.cpu.forward import run_block
from models.methods.eprop.cpu.memory import Memory
from models.methods.eprop.cpu.traces import advance_outputs, advance_synapses, of_thread
from models.methods.eprop.cpu.transposed import recede_all, recede_outputs


@kernel()
def _begin(b, thread, size, events, state, traces, heard):  # type: ignore[no-untyped-def]
    """Set all of a thread's state to an example's beginning; its traces are 0 already."""
    fill(state.voltage[thread, :size], NIL)
    fill(state.current[thread], NIL)
    fill(state.adaptation[thread], NIL)
    fill(state.voltage_out[thread], NIL)
    fill(state.current_out[thread], NIL)
    fill(state.cursors[thread], events.begins[b])
    fill(state.counts[thread], 0)
    clear(traces.out[thread])
    for k in range(heard.means.shape[1]):
        heard.means[b, k] = 0.0
    for j in range(size):
        heard.counts[b, j] = 0


@kernel(fastmath=FAST)
def _learn_block(thread, group, steps, n_active, method, layers, task, memory, sums):  # type: ignore[no-untyped-def]
    """Bring all traces to the end of a block that has been run, and add to the gradient."""
    rule, responses, block, traces = method.rule, method.responses, memory.block, memory.traces
    vectors, voltage, current = block.vectors[thread], block.voltage[thread], block.current[thread]
    onto, starts, on_gradient = block.onto[thread], block.starts[thread], block.on_gradient[thread]
    signal, onto_out, slopes, kept = (
        block.signal[thread], block.onto_out[thread], block.slopes[thread], block.kept[thread],
    )  # fmt: skip
    recede_outputs(
        steps, block.errors[thread], rule, task.feedback, layers.classes, onto_out, signal, on_gradient, voltage,
        current,
    )  # fmt: skip
    recede_all(steps, method.sources, signal, slopes, kept, rule, GRADIENT, onto, starts, vectors[0])
    old = vectors.reshape(-1)
    advance_synapses(
        traces.active[thread, :n_active], steps, rule, responses, (onto, starts, on_gradient, old),
        of_thread(memory.arrivals, thread), traces.synapses[thread], traces.sources[thread],
    )  # fmt: skip
    advance_outputs(
        steps, responses, onto_out, voltage, current, of_thread(memory.arrivals_out, thread), traces.out[thread],
        sums.output[group],
    )  # fmt: skip


@kernel()
def _end(thread, group, n_active, rule, traces, sums):  # type: ignore[no-untyped-def]
    """Add an example's gradients to its group's, and set its traces to 0."""
    synapses, size = traces.synapses[thread], sums.hidden.shape[2]
    for i in range(n_active):
        row = traces.active[thread, i]
        add(sums.hidden[group, row], synapses[row, GRADIENT * size : (GRADIENT + 1) * size])
        if rule.regularised:
            add(sums.rates[group, row], synapses[row, synapses.shape[1] - size :])
        fill(synapses[row], NIL)
        traces.sources[thread, row] = NIL
        traces.is_active[thread, row] = False


@kernel()
def _judge_voltages(b, thread, size, state, heard):  # type: ignore[no-untyped-def]
    """Let an example whose voltages diverge answer NaN: a neuron that never spikes would look like a silent one."""
    if not all_finite(state.voltage[thread, :size]) or not all_finite(state.voltage_out[thread]):
        for k in range(heard.means.shape[1]):
            heard.means[b, k] = np.nan


@kernel()
def _run_group(group, thread, events, layers, method, task, learning, memory, heard, sums):  # type: ignore[no-untyped-def]
    """Run a group of examples, one after the other."""
    steps, size = task.window.shape[0], layers.out_weights.shape[0]
    if learning:
        clear(sums.hidden[group])
        clear(sums.output[group])
        clear(sums.rates[group])
    for b in range(sums.first_of_group[group], sums.first_of_group[group + 1]):
        _begin(b, thread, size, events, memory.state, memory.traces, heard)
        n_active = 0
        for begin in range(0, steps, BLOCK):
            end = min(begin + BLOCK, steps)
            n_active = run_block(b, thread, begin, end, events, layers, method.rule, task, learning, memory, heard)
            if learning:
                _learn_block(thread, group, end - begin, n_active, method, layers, task, memory, sums)
        if learning:
            _end(thread, group, n_active, method.rule, memory.traces, sums)
        _judge_voltages(b, thread, size, memory.state, heard)


@kernel(parallel=True, nogil=True)
def run_batch(  # type: ignore[no-untyped-def]
    events, connections, hidden, output, out_weights, classes, rule, responses, sources, task, learning, state, block,
    arrivals, arrivals_out, traces, heard, sums,
):  # fmt: skip
    """Run a batch and, if ``learning``, accumulate its gradients, in groups of examples.

    Groups are fixed by the batch, not by the threads, so that the result is the same to the bit for any number of them.

    Parameters
    ----------
    events : Events
    connections, hidden, output, out_weights, classes
        As in `Layers`; Numba's parallel loops take no tuples of tuples.
    rule, responses, sources
        As in `Method`.
    task : Task
    learning : bool
    state, block, arrivals, arrivals_out, traces
        As in `Memory`.
    heard : Heard
    sums : Sums
    """
    for g in prange(sums.first_of_group.shape[0] - 1):
        _run_group(
            np.int64(g), numba.get_thread_id(), events, Layers(connections, hidden, output, out_weights, classes),
            Method(rule, responses, sources), task, learning, Memory(state, block, arrivals, arrivals_out, traces),
            heard, sums,
        )  # fmt: skip
