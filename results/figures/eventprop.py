"""Figure 14: Eventprop in a trained network, spikes and voltages forward, adjoints backward."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from pipeline.pictures.style import BLACK, BLUE, GREEN, GREY, ORANGE, SKY, VERMILLION, WIDTH, styled
from results.figures.trained import STEPS, WORDS, made_up_words, small_engine


@styled
def forward_and_backward(example: int = 2, neurons: int = 3) -> Figure:
    """Draw one example: input, busiest hidden neurons' voltages, output voltages; then adjoints, right to left.

    Parameters
    ----------
    example : int
        Of the made-up words.
    neurons : int
        Hidden neurons.
    """
    engine = small_engine()
    batch = made_up_words(4, 7)
    recording = engine.record(batch, adjoints=True)[example]
    spikes = recording.spikes["hidden"]
    busiest = np.argsort(np.bincount(spikes.neurons, minlength=40))[::-1][:neurons]
    colours = (BLUE, ORANGE, GREEN)
    times = np.arange(STEPS)
    figure = Figure(figsize=(WIDTH, 6.2), layout="constrained")
    rows = figure.subplots(5, 1, sharex=True, height_ratios=(1, 1.4, 1, 1.2, 1.2))
    part = slice(batch.offsets[example], batch.offsets[example + 1])
    rows[0].plot(batch.steps[part], batch.units[part], ".", color=BLACK, markersize=1.5)
    rows[0].set(ylabel="input", yticks=[])
    rows[0].set_title(f'forward →    the word "{WORDS[batch.labels[example]]}"', loc="left")
    for k, (neuron, colour) in enumerate(zip(busiest, colours, strict=True)):
        rows[1].plot(times, recording.voltages["hidden"][:, neuron] + 1.3 * k, color=colour)
        at = spikes.times[spikes.neurons == neuron]
        rows[1].vlines(at, 1.3 * k + 0.95, 1.3 * k + 1.25, color=colour)
    rows[1].set(ylabel="hidden voltages\nand spikes", yticks=[])
    window = engine.window_table
    rows[2].fill_between(times, 0, window / window.max(), color=SKY, alpha=0.3, linewidth=0)
    for k, word in enumerate(WORDS):
        right = k == batch.labels[example]
        voltage = recording.voltages["output"][:, k]
        scaled = voltage / np.abs(recording.voltages["output"]).max()
        rows[2].plot(times, scaled, color=VERMILLION if right else GREY, linewidth=1.6 if right else 0.9)
        peak = int(np.abs(scaled).argmax())
        rows[2].text(peak, scaled[peak], word, size=6.5, va="bottom", ha="center", color=VERMILLION if right else BLACK)
    rows[2].set(ylabel="outputs under\nthe window", yticks=[])
    rows[3].set_title("← backward", loc="right")
    for row, traces, name in (
        (rows[3], recording.adjoint_currents, "dL/dI"),
        (rows[4], recording.adjoint_voltages, "dL/dV"),
    ):
        for neuron, colour in zip(busiest, colours, strict=True):
            trace = traces["hidden"][:, neuron]
            row.plot(times, trace, color=colour)
            at = spikes.times[spikes.neurons == neuron].astype(int)
            row.plot(at, trace[np.minimum(at, STEPS - 1)], "o", color=colour, markersize=3)
        row.axhline(0, color=BLACK, linewidth=0.5)
        row.set_ylabel(name)
    rows[4].set_xlabel("time (ms); dots are the forward pass's spikes")
    return figure
