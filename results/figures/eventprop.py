"""Figure 14: Eventprop in a trained network, with spikes and voltages forward in time and adjoints backward."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.batch import SpikeBatch, discretise
from models.recording import Recording
from pipeline.data import hdf5
from pipeline.evaluation.trained import Trained, load_trained
from pipeline.pictures.style import BLACK, BLUE, GREEN, GREY, ORANGE, SKY, VERMILLION, subplots
from pipeline.training.run import Run
from results.figures.registry import figure

NETWORK = "networks/fsdd/09f9156215fa-s1"
"""The published run that figures show."""

WORDS = "words-fsdd.h5"
"""Published recordings as spikes."""

SPIKES = range(6, 13)
"""Numbers of spikes of the hidden neurons that are drawn; the jumps of busier ones would overlap."""


def record(run: Path, words: Path) -> tuple[Trained, SpikeBatch, list[Recording]]:
    """Run recorded words, in SHD's format, through the network of a run's ``best.npz``, forward and backward.

    Return the network, the words on its time grid, and spikes, voltages and adjoints of each word.
    """
    trained = load_trained(Run.at(run.parent), 1, "cpu")
    data, config = hdf5.read(words), trained.config
    parts = (data.times, data.units, data.offsets, data.labels)
    batch = discretise(*parts, config.data.dt, config.steps, data.channels)
    return trained, batch, trained.engine.record(batch, adjoints=True)


def shown(recording: Recording, neurons: int) -> NDArray[np.int64]:
    """Return the hidden neurons with the most spikes among those with a number of spikes in `SPIKES`."""
    counts = np.bincount(recording.spikes["hidden"].neurons, minlength=recording.voltages["hidden"].shape[1])
    apart = np.flatnonzero((counts >= SPIKES.start) & (counts < SPIKES.stop))
    return np.asarray(apart[np.argsort(-counts[apart], kind="stable")][:neurons])


@figure(
    "14-eventprop",
    says="A recorded word in a trained network: input spikes, hidden voltages with spikes and output voltages forward "
    "in time; the adjoints of three hidden neurons backward in time. The adjoint of the voltage jumps at the neuron's "
    "spikes (dots) and nowhere else.",
    needs=(f"{NETWORK}/best.npz", WORDS),
    beside=(f"{NETWORK}/config.toml",),
)
def forward_and_backward(run: Path, words: Path, example: int = 4, neurons: int = 3) -> Figure:
    """Draw one word forward (input, hidden and output voltages) and backward (adjoints of some hidden neurons)."""
    trained, batch, recordings = record(run, words)
    recording = recordings[example]
    spikes = recording.spikes["hidden"]
    chosen = shown(recording, neurons)
    names = trained.classes
    dt, steps = recording.dt, len(recording.voltages["hidden"])
    colours = (BLUE, ORANGE, GREEN)
    begins = np.arange(steps) * dt
    times = begins + dt
    figure, rows = subplots(1, 6.2, 5, 1, sharex=True, height_ratios=(1, 1.4, 1, 1.2, 1.2))
    part = slice(batch.offsets[example], batch.offsets[example + 1])
    rows[0].plot(batch.steps[part] * dt, batch.units[part], ".", color=BLACK, markersize=0.8)
    rows[0].set(ylabel="input spikes\n(channel)", yticks=[])
    rows[0].set_title(f'forward in time →    the word "{names[batch.labels[example]]}"', loc="left")
    for k, (neuron, colour) in enumerate(zip(chosen, colours, strict=True)):
        rows[1].plot(times, recording.voltages["hidden"][:, neuron] + 1.3 * k, color=colour)
        at = spikes.times[spikes.neurons == neuron]
        rows[1].vlines(at, 1.3 * k + 0.95, 1.3 * k + 1.25, color=colour)
    rows[1].set(ylabel="hidden voltages\nand spikes", yticks=[])
    window = trained.engine.window_table
    rows[2].fill_between(times, 0, window / window.max(), color=SKY, alpha=0.3, linewidth=0)
    voltages = recording.voltages["output"] / np.abs(recording.voltages["output"]).max()
    for k, (word, voltage) in enumerate(zip(names, voltages.T, strict=True)):
        right = k == batch.labels[example]
        rows[2].plot(times, voltage, color=VERMILLION if right else GREY, linewidth=1.6 if right else 0.9)
        peak = int(np.abs(voltage).argmax())
        look = {"size": 6.5, "va": "bottom", "ha": "center", "color": VERMILLION if right else BLACK}
        rows[2].text(times[peak], voltage[peak], word, **look)
    rows[2].set(ylabel="output voltages;\nblue: window", yticks=[])
    rows[3].set_title("← backward in time", loc="right")
    adjoints = {"current, dL/dI": recording.adjoint_currents, "voltage, dL/dV": recording.adjoint_voltages}
    for row, (name, traces) in zip(rows[3:], adjoints.items(), strict=True):
        for neuron, colour in zip(chosen, colours, strict=True):
            trace = traces["hidden"][:, neuron]
            row.plot(begins, trace, color=colour)
            at = np.rint(spikes.times[spikes.neurons == neuron] / dt).astype(int) - 1
            row.plot(begins[at], trace[at], "o", color=colour, markersize=3)
        row.axhline(0, color=BLACK, linewidth=0.5)
        row.set_ylabel(f"adjoint of\n{name}")
    rows[4].set_xlabel("time in the trial (ms); dots: spikes of the forward pass")
    return figure
