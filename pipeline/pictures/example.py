"""One example in the network: input spikes, hidden spikes and output voltages over time, with or without its sound."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from models.recording import Recording as NetworkRecording
from pipeline.audio import Recording
from pipeline.data.names import composed
from pipeline.events import Events
from pipeline.pictures import panels
from pipeline.pictures.panels import Window
from pipeline.pictures.style import WIDTH, literal, styled


def raster(
    events: Events, inside: NetworkRecording, window: Window, classes: Sequence[str], dt: float, spoken: str
) -> Figure:
    """Draw input spikes, hidden spikes and output voltages under the window.

    Parameters
    ----------
    window : ndarray of float32, shape (steps,)
        w(t), at time steps of ``dt`` ms.
    spoken : str
        The spoken word and its speaker.
    """
    return _stacked(events, inside, window, classes, dt, f"spoken: {spoken}; answer")


def classification(
    audio: Recording, events: Events, inside: NetworkRecording, window: Window, classes: Sequence[str], dt: float
) -> Figure:
    """Draw what `raster` draws under the waveform of the recording ``audio``; titled with its file name."""
    return _stacked(events, inside, window, classes, dt, composed(audio.path.name), audio)


@styled
def _stacked(
    events: Events,
    inside: NetworkRecording,
    window: Window,
    classes: Sequence[str],
    dt: float,
    title: str,
    audio: Recording | None = None,
) -> Figure:
    """Draw the panels from top to bottom; the title ends with the answer and its probability."""
    trial = len(window) * dt
    heights = (3, 2, 2) if audio is None else (1, 3, 2, 2)
    figure = Figure(figsize=(WIDTH, 6.5 if audio is None else 8), layout="constrained")
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
    if audio is not None:
        panels.waveform(axes[0], audio, trial)
    panels.input_spikes(axes[-3], events, trial)
    panels.hidden_spikes(axes[-2], inside)
    panels.output_voltages(axes[-1], inside, window, classes, dt)
    axes[-1].set(xlim=(0, trial), xlabel="time (ms)")
    answer, probability = panels.ranking(inside)[0]
    figure.suptitle(literal(f"{title}: {classes[answer]} (probability {probability:.2f})"))
    return figure
