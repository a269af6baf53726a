"""Recordings of the CUDA engine: the same passes, with traces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.engines.cuda.events import Events
from models.engines.cuda.layer import Layer, Part, Tape
from models.engines.cuda.memory import DeviceArray
from models.losses import Judgement
from models.network import Spiking
from models.recording import Recording, Spikes


def record_batch(
    layers: list[Layer], events: list[Events], tapes: list[Tape], judgement: Judgement, adjoints: bool
) -> list[Recording]:
    """Run examples again and keep spikes, voltages and, if asked, adjoints.

    Parameters
    ----------
    layers : list of Layer
        The hidden ones, first to last, and the output, which never spikes.
    events, tapes
        What each layer took and, but for the output, recorded.
    judgement : Judgement
        Of the batch.
    adjoints : bool

    Returns
    -------
    list of Recording, one an example
    """
    examples, problem, memory = len(judgement.losses), layers[0].problem, layers[0].memory
    whole, steps = Part(0, examples), problem.steps
    tapes = [*tapes, layers[-1].tape(examples)]
    gain, states = memory.to_device(np.zeros(steps + 1)), []
    voltages: dict[str, NDArray[np.float32]] = {}
    for layer, taken, tape in zip(layers, events, tapes, strict=True):
        trace = memory.room(("trace", layer.width), (examples, steps, layer.width))
        states.append(layer.states_room(whole))
        layer.forward(taken, tape, gain, whole, states[-1], trace)
        voltages[layer.name] = memory.to_host(trace)[0][:, :, : layer.size]
    spikes = {
        layer.name: memory.to_host(tape.steps, tape.neurons, tape.counts)
        for layer, tape in zip(layers, tapes, strict=True)
        if isinstance(layer.population, Spiking)
    }
    traces: dict[str, list[NDArray[np.float32]]] = {}
    if adjoints:
        traces = _adjoints(layers, events, tapes, states, judgement.gradient * examples)
    return [
        Recording(
            problem.dt,
            judgement.logits[b],
            {name: _spikes(found, b, problem.dt) for name, found in spikes.items()},
            {name: trace[b].copy() for name, trace in voltages.items()},
            {name: trace[0][b] for name, trace in traces.items()},
            {name: trace[1][b] for name, trace in traces.items()},
        )
        for b in range(examples)
    ]


def _spikes(found: list[NDArray[Any]], example: int, dt: float) -> Spikes:
    steps, neurons, counts = found
    count = max(int(counts[example]), 0)
    return Spikes((steps[example, :count] + 1.0) * dt, neurons[example, :count].copy())


def _adjoints(
    layers: list[Layer],
    events: list[Events],
    tapes: list[Tape],
    states: list[DeviceArray | None],
    gradient: NDArray[np.float64],
) -> dict[str, list[NDArray[np.float32]]]:
    """Return p_V and p_I of every layer, each (examples, steps, size)."""
    memory, problem, output = layers[0].memory, layers[0].problem, layers[-1]
    examples, steps, whole = len(gradient), problem.steps, Part(0, len(gradient))
    window = problem.loss.readout.table(steps)
    weighted = gradient[:, None, :] * window[None, :, None] / steps
    driven = np.zeros((examples, steps, output.width), np.float32)
    driven[:, :, : output.size] = weighted
    drives, spike_times = memory.to_device(driven), output.times_room(examples)
    traces: dict[str, list[NDArray[np.float32]]] = {}
    for i in range(len(layers) - 1, -1, -1):
        layer = layers[i]
        push = memory.to_device(np.zeros(layer.width, np.float32))
        shape = (examples, steps, layer.width)
        history, voltages = (memory.room((name, layer.width), shape) for name in ("history", "trace"))
        below = layers[i - 1].times_room(examples) if i else None
        layer.backward(
            events[i], tapes[i], spike_times, push, whole, history, states[i], layer.sums_room(examples), below,
            drives if layer is output else None, voltages,
        )  # fmt: skip
        traces[layer.name] = [found[:, :, : layer.size] for found in memory.to_host(voltages, history)]
        if below is not None:
            spike_times = below
    return dict(reversed(traces.items()))
