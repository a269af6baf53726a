"""Recordings of the CPU engine: the same passes, with traces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.cpu.arguments import Events, ForwardTape
from models.engines.cpu.layer import Layer
from models.engines.cpu.output_base import Output
from models.losses import Loss
from models.recording import Recording, Spikes


def record_batch(layers: list[Layer], output: Output, loss: Loss, batch: SpikeBatch, adjoints: bool) -> list[Recording]:
    """Run examples and keep spikes, voltages and, if asked, adjoints.

    Parameters
    ----------
    layers : list of Layer
        The hidden ones, first to last.
    output : Output
    loss : Loss
    batch : SpikeBatch
    adjoints : bool

    Returns
    -------
    list of Recording, one an example
    """
    everything = [*layers, output.layer]
    events, tapes = [Events.of_input(batch)], []
    for layer in everything:
        tapes.append(layer.forward(events[-1], voltages=True))
        events.append(tapes[-1].events())
    observed = output.read(tapes[-2])
    for p in tapes:
        observed[p.diverged] = np.nan
    judgement = loss.judge(observed, batch.labels, output.layer.grid.dt * output.layer.grid.steps)
    traces: list[NDArray[np.float32]] = []
    if adjoints:
        traces = _adjoints(layers, output, events, tapes, judgement.gradient * len(batch))
    recordings = []
    for b in range(len(batch)):
        names = [layer.name for layer in everything]
        recordings.append(
            Recording(
                output.layer.grid.dt,
                judgement.logits[b],
                {layer.name: _spikes(layer, p, b) for layer, p in zip(everything, tapes, strict=True) if layer.spikes},
                {name: p.voltages[b].copy() for name, p in zip(names, tapes, strict=True)},
                {name: t[b, 0] for name, t in zip(names, traces, strict=False)},
                {name: t[b, 1] for name, t in zip(names, traces, strict=False)},
            )
        )
    return recordings


def _spikes(layer: Layer, tape: ForwardTape, example: int) -> Spikes:
    count = tape.counts[example]
    steps = tape.steps[example, :count].astype(np.float64)
    steps += tape.fractions[example, :count] if layer.grid.interpolated else 1.0
    order = np.argsort(steps, kind="stable")
    return Spikes(steps[order] * layer.grid.dt, tape.neurons[example, order])


def _adjoints(
    layers: list[Layer],
    output: Output,
    events: list[Events],
    tapes: list[ForwardTape],
    gradient: NDArray[np.float64],
) -> list[NDArray[np.float32]]:
    """Return p_V and p_I of every layer, each (examples, 2, steps, size)."""
    everything = [*layers, output.layer]
    groups = np.arange(len(tapes[0].counts) + 1)
    spike_time_gradient, drives = output.loss_gradient(tapes[-1], gradient)
    throughout = output.drives_throughout and drives is not None
    traces = []
    for i in range(len(everything) - 1, -1, -1):
        layer = everything[i]
        push = np.zeros(layer.size, np.float32)
        found, spike_time_gradient, trace = layer.backward(
            events[i], tapes[i], spike_time_gradient, push, groups, drives, throughout, wants_below=i > 0, adjoints=True
        )
        if layer is output.layer:
            output.add_peak_terms(events[i], tapes[i], gradient, spike_time_gradient, found)
        traces.append(trace)
        drives, throughout = None, False
    return traces[::-1]
