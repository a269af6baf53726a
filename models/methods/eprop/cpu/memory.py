"""Memory that the engine keeps from batch to batch, a part per thread."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.engines.cpu.memory import aligned
from models.methods.eprop.cpu.arguments import BLOCK, Floats


class State(NamedTuple):
    """An example at one moment; a part per thread, ``[thread]`` of each array.

    Attributes
    ----------
    voltage, excess : ndarray of float32, shape (threads, hidden rounded up to a multiple of 64)
        Of hidden neurons; and what of it is to reach the threshold, beyond what adaptation adds to that.
    current, adaptation : ndarray of float32, shape (threads, hidden)
    voltage_out, current_out, chance : ndarray of float32, shape (threads, classes)
        The last is the softmax.
    fired, counts, cursors : ndarray
        The neurons that spiked in the step before; in ``counts[thread]`` how many these are, and how many rows are
        active; the next event of each copy of the delay line.
    """

    voltage: Floats
    excess: Floats
    current: Floats
    adaptation: Floats
    voltage_out: Floats
    current_out: Floats
    chance: Floats
    fired: NDArray[np.int32]
    counts: NDArray[np.int64]
    cursors: NDArray[np.int64]


class Block(NamedTuple):
    """What happened in a block of steps, and what follows for its traces; a part per thread.

    Attributes
    ----------
    slopes, kept : ndarray of float32, shape (threads, BLOCK, hidden)
        Pseudo-derivatives; 0 where a neuron spiked and 1 elsewhere.
    errors : ndarray of float32, shape (threads, BLOCK, classes)
        Window times (probability - target).
    onto_out : ndarray of float32, shape (threads, BLOCK, classes)
        What a spike that arrives at an output in a step adds to the gradient by the end of the block.
    signal : ndarray of float32, shape (threads, BLOCK, hidden)
        The same for a spike of each hidden neuron at the end of a step, through the feedback.
    onto : ndarray of float32, shape (threads, BLOCK, traces * hidden)
        What an event that arrives in a step adds to each trace of its synapses by the end of the block.
    starts : ndarray of float32, shape (threads, traces, 3, hidden)
        By BY_VOLTAGE, BY_SOURCE and BY_ADAPTATION.
    on_gradient : ndarray of float32, shape (threads, 2, hidden)
        What the traces of output current and voltage add to the gradient.
    vectors : ndarray of float32, shape (threads, traces, hidden)
    voltage, current : ndarray of float32, shape (threads, classes)
        Scratch.
    """

    slopes: Floats
    kept: Floats
    errors: Floats
    onto_out: Floats
    signal: Floats
    onto: Floats
    starts: Floats
    on_gradient: Floats
    vectors: Floats
    voltage: Floats
    current: Floats


class Arrivals(NamedTuple):
    """Events that arrive in a block, in chains, one a source; a part per thread.

    Attributes
    ----------
    latest : ndarray of int32, shape (threads, sources)
        The source's latest event; -1 where it has none.
    before : ndarray of int32, shape (threads, room)
        The event before each event in its chain.
    steps : ndarray of int32, shape (threads, room)
        Counted from the block's beginning.
    """

    latest: NDArray[np.int32]
    before: NDArray[np.int32]
    steps: NDArray[np.int32]


class Traces(NamedTuple):
    """Traces that go on from block to block; a part per thread.

    Attributes
    ----------
    synapses : ndarray of float32, shape (threads, rows, traces * hidden)
    sources : ndarray of float32, shape (threads, rows)
        The current that each source would leave in a neuron that it reaches with a weight of 1.
    out : ndarray of float32, shape (threads, hidden, 2)
        The current and the voltage that each hidden neuron would leave in an output.
    active : ndarray of int32, shape (threads, rows)
        The rows that have had an event, in the order of their first; the others' traces are 0.
    is_active : ndarray of bool, shape (threads, rows)
    """

    synapses: Floats
    sources: Floats
    out: Floats
    active: NDArray[np.int32]
    is_active: NDArray[np.bool_]


class Memory(NamedTuple):
    """All of it; the traces of synapses and sources are 0 before and after an example."""

    state: State
    block: Block
    arrivals: Arrivals
    arrivals_out: Arrivals
    traces: Traces


def allocate(threads: int, rows: int, hidden: int, classes: int, copies: int, traces: int) -> Memory:
    """Return memory for a network of ``rows`` sources of its hidden neurons, and so many traces a synapse."""
    lanes = -(-hidden // 64) * 64
    padded = aligned((2, threads, lanes))
    padded[:, :, hidden:] = -np.inf
    state = State(
        padded[0],
        padded[1],
        aligned((threads, hidden)),
        aligned((threads, hidden)),
        aligned((threads, classes)),
        aligned((threads, classes)),
        aligned((threads, classes)),
        np.zeros((threads, hidden), np.int32),
        np.zeros((threads, 2), np.int64),
        np.zeros((threads, copies), np.int64),
    )
    block = Block(
        aligned((threads, BLOCK, hidden)),
        aligned((threads, BLOCK, hidden)),
        aligned((threads, BLOCK, classes)),
        aligned((threads, BLOCK, classes)),
        aligned((threads, BLOCK, hidden)),
        aligned((threads, BLOCK, traces * hidden)),
        aligned((threads, traces, 3, hidden)),
        aligned((threads, 2, hidden)),
        aligned((threads, traces, hidden)),
        aligned((threads, classes)),
        aligned((threads, classes)),
    )
    kept = Traces(
        aligned((threads, rows, traces * hidden)),
        np.zeros((threads, rows), np.float32),
        np.zeros((threads, hidden, 2), np.float32),
        np.zeros((threads, rows), np.int32),
        np.zeros((threads, rows), np.bool_),
    )
    return Memory(state, block, _arrivals(threads, rows), _arrivals(threads, hidden), kept)


def _arrivals(threads: int, sources: int) -> Arrivals:
    room = (threads, BLOCK * sources)
    latest = np.full((threads, sources), -1, np.int32)
    return Arrivals(latest, np.empty(room, np.int32), np.empty(room, np.int32))
