"""What events of a block of steps do to traces at its end: the steps' transpose, neuron by neuron."""

from __future__ import annotations

from models.engines.cpu.rows import add_scaled_rows
from models.engines.cpu.vectors import FAST, NIL, ONE, clear, copy, fill
from models.kernels import kernel
from models.methods.eprop.cpu.arguments import ADAPTATION, BY_ADAPTATION, BY_SOURCE, BY_VOLTAGE, VOLTAGE


@kernel(fastmath=FAST)
def recede(source, slopes, kept, rule, onto, first, starts, inner):  # type: ignore[no-untyped-def]
    """Go back through a block for one trace of the synapses onto every neuron.

    Parameters
    ----------
    source : ndarray, shape (steps, size)
        What the eligibility trace of each step adds to the trace in question by the end of the block.
    slopes, kept : ndarray, shape (steps, size)
    rule : Rule
    onto : ndarray, shape (steps, traces * size)
        Written, from column ``first`` on.
    starts : ndarray, shape (3, size)
        Changed, from what the trace is made of at the end of the block to what it is made of at its beginning.
    inner : ndarray, shape (size,)
        Scratch.
    """
    voltage, pre, adaptation = starts[BY_VOLTAGE], starts[BY_SOURCE], starts[BY_ADAPTATION]
    size = inner.shape[0]
    for step in range(source.shape[0] - 1, -1, -1):
        if rule.adaptive:
            for j in range(size):
                inner[j] = slopes[step, j] * (source[step, j] + adaptation[j])
            for j in range(size):
                adaptation[j] = rule.rho * adaptation[j] - rule.jump * inner[j]
            for j in range(size):
                inner[j] += kept[step, j] * voltage[j]
        else:
            for j in range(size):
                inner[j] = slopes[step, j] * source[step, j] + kept[step, j] * voltage[j]
        for j in range(size):
            voltage[j] = rule.alpha * inner[j]
        for j in range(size):
            pre[j] = rule.beta * pre[j] + rule.gain * inner[j]
        for j in range(size):
            onto[step, first + j] = pre[j]


@kernel(fastmath=FAST)
def recede_all(steps, sources, signal, slopes, kept, rule, gradient, onto, starts, inner):  # type: ignore[no-untyped-def]
    """Go back through a block of ``steps`` for every trace.

    Parameters
    ----------
    sources : ndarray, shape (traces, BLOCK, size)
        As `recede` takes them for a whole block.
    signal : ndarray, shape (BLOCK, size)
        Source of the trace ``gradient``.
    onto, starts
        Written, for all traces.
    """
    size = inner.shape[0]
    for trace in range(starts.shape[0]):
        clear(starts[trace])
        if trace == VOLTAGE:
            fill(starts[trace, BY_VOLTAGE], ONE)
        elif rule.adaptive and trace == ADAPTATION:
            fill(starts[trace, BY_ADAPTATION], ONE)
        source = signal[:steps] if trace == gradient else sources[trace, sources.shape[1] - steps :]
        recede(source, slopes, kept, rule, onto, trace * size, starts[trace], inner)


@kernel(fastmath=FAST)
def recede_outputs(steps, errors, rule, feedback, classes, onto_out, signal, on_gradient, voltage, current):  # type: ignore[no-untyped-def]
    """Go back through a block for the outputs: fill ``onto_out``, ``signal`` and ``on_gradient`` of `Block`.

    ``classes`` are the rows of ``feedback``; at the return ``voltage`` and ``current``, shape (classes,), are what an
    output's voltage and current at the block's beginning add to the gradient.
    """
    fill(voltage, NIL)
    fill(current, NIL)
    for step in range(steps - 1, -1, -1):
        fill(signal[step], NIL)
        add_scaled_rows(feedback, classes, current, 0, classes.shape[0], signal[step])
        for k in range(voltage.shape[0]):
            voltage[k] += errors[step, k]
            current[k] = rule.beta_out * current[k] + rule.gain_out * voltage[k]
            voltage[k] *= rule.alpha_out
        copy(onto_out[step], current)
    clear(on_gradient)
    add_scaled_rows(feedback, classes, current, 0, classes.shape[0], on_gradient[0])
    add_scaled_rows(feedback, classes, voltage, 0, classes.shape[0], on_gradient[1])
