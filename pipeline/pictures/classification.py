"""One recording on its way from sound to word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.recording import Recording as NetworkRecording
from pipeline.audio import Recording
from pipeline.events import Events
from pipeline.pictures import panels
from pipeline.pictures.style import WIDTH, styled


@styled
def classification(
    audio: Recording,
    events: Events,
    inside: NetworkRecording,
    window: NDArray[np.float32],
    classes: Sequence[str],
    dt: float,
) -> Figure:
    """Draw waveform, cochlea spikes, hidden spikes and output voltages under the window.

    Parameters
    ----------
    audio : Recording
        What was heard.
    events : Events
        What the cochlea made of it.
    inside : Recording
        What happened in the network.
    window : ndarray of float32, shape (steps,)
        w(t).
    classes : sequence of str
        Names.
    dt : float
        Time step in ms.

    Returns
    -------
    Figure
    """
    trial = len(window) * dt
    figure = Figure(figsize=(WIDTH, 8), layout="constrained")
    axes = figure.subplots(4, 1, sharex=True, height_ratios=(1, 3, 2, 2))
    panels.waveform(axes[0], audio, trial)
    panels.input_spikes(axes[1], events, trial)
    panels.hidden_spikes(axes[2], inside)
    panels.output_voltages(axes[3], inside, window, classes, dt)
    panels.time_axis(axes[3], trial)
    answer, probability = panels.ranking(inside)[0]
    figure.suptitle(f"{audio.path.name}: {classes[answer]} (probability {probability:.2f})")
    return figure
