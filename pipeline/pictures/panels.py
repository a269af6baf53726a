"""Panels of the pictures of one example; all share a time axis in ms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from models.losses import softmax
from models.recording import Recording as NetworkRecording
from pipeline.audio import Recording
from pipeline.events import CHANNELS, Events
from pipeline.pictures.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, literal

Window = NDArray[np.float32]

RANKS = ((VERMILLION, 2.2, "-"), (BLUE, 1.1, "--"), (GREEN, 1.1, "-."), (ORANGE, 1.1, ":"), (PURPLE, 1.1, "--"))
"""Colour, width and dashes of the most probable classes in descending order; distinct in greyscale, too."""


def waveform(axes: Axes, audio: Recording, trial: float) -> None:
    """Draw a waveform up to the end of a trial of ``trial`` ms; the title states how much lies beyond it."""
    samples = audio.samples[: int(np.ceil(trial * audio.rate / 1000))]
    axes.plot(np.arange(len(samples)) * (1000 / audio.rate), samples, color=BLACK, linewidth=0.5)
    peak = float(np.abs(samples).max(initial=0.0)) or 1.0
    axes.set_ylim(-1.1 * peak, 1.1 * peak)
    axes.set_ylabel("sound")
    beyond = audio.seconds * 1000 - trial
    if beyond > 0:
        axes.set_title(f"{beyond:,.0f} ms of the recording lie beyond the trial", loc="right", size=8, weight="normal")


def input_spikes(axes: Axes, events: Events, trial: float) -> None:
    """Draw an ear's events, high frequencies on top as in a spectrogram."""
    seen = events.times < trial
    _dots(axes, events.times[seen], events.units[seen])
    axes.set_ylim(CHANNELS, -1)  # channel 0 is the base of the cochlea, with the highest frequency
    axes.set_ylabel("input channel\n(0: highest frequency)")


def hidden_spikes(axes: Axes, inside: NetworkRecording) -> None:
    """Draw the hidden layers' spikes; neurons are numbered across layers, with a line between two layers."""
    layers = [name for name in inside.spikes if name != "output"]
    ends = np.cumsum([inside.voltages[name].shape[1] for name in layers])
    times = [inside.spikes[name].times for name in layers]
    neurons = [inside.spikes[name].neurons + start for name, start in zip(layers, [0, *ends[:-1]], strict=True)]
    _dots(axes, np.concatenate(times), np.concatenate(neurons))
    for end in ends[:-1]:
        axes.axhline(end - 0.5, color=GREY, linewidth=0.6)
    axes.set_ylim(-1, ends[-1])
    axes.set_ylabel("hidden neuron")


def output_voltages(axes: Axes, inside: NetworkRecording, window: Window, classes: Sequence[str], dt: float) -> None:
    """Draw the voltage of every output over the shaded window; the most probable classes are coloured.

    ``window`` is w(t), shape (steps,), at time steps of ``dt`` ms.
    """
    ends = (np.arange(len(window)) + 1) * dt
    scale = axes.twinx()
    shade = scale.fill_between(ends - dt / 2, window, color=SKY, alpha=0.3, linewidth=0, label="window w(t)")
    scale.set_ylim(0, 1.1 * float(window.max()))
    scale.set_ylabel("w(t)")
    scale.spines["right"].set_visible(True)
    # Otherwise the second axes, drawn later, would cover the voltages.
    axes.set_zorder(scale.get_zorder() + 1)
    axes.patch.set_visible(False)
    ranked, voltages = ranking(inside), inside.voltages["output"]
    for index, _ in ranked[len(RANKS) :]:
        axes.plot(ends, voltages[:, index], color=GREY, linewidth=0.6, zorder=1)
    handles = []
    for rank, ((index, probability), (colour, width, dashes)) in enumerate(zip(ranked, RANKS, strict=False)):
        look: dict[str, Any] = {"color": colour, "linewidth": width, "zorder": 3 - 0.1 * rank}
        label = literal(f"{classes[index]} {probability:.2f}")
        handles += axes.plot(ends, voltages[:, index], dashes, label=label, **look)
    axes.set_ylabel("output voltage")
    axes.legend(handles=[*handles, shade], loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(handles) + 1)


def ranking(inside: NetworkRecording) -> list[tuple[int, float]]:
    """Return index and probability of all classes, most probable first."""
    probabilities = softmax(inside.logits[None])[0]
    return [(int(i), float(probabilities[i])) for i in np.argsort(-probabilities, kind="stable")]


def _dots(axes: Axes, times: NDArray[np.floating], units: NDArray[np.integer]) -> None:
    axes.scatter(times, units, s=1.2, color=BLACK, linewidths=0, marker="o")
