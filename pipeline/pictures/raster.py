"""One example of a data set, and what the network makes of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.recording import Recording as NetworkRecording
from pipeline.events import Events
from pipeline.pictures import panels
from pipeline.pictures.style import WIDTH, styled


@styled
def raster(
    events: Events,
    inside: NetworkRecording,
    window: NDArray[np.float32],
    classes: Sequence[str],
    dt: float,
    spoken: str,
) -> Figure:
    """Draw input spikes, hidden spikes and output voltages under the window.

    Parameters
    ----------
    events : Events
        The example.
    inside : Recording
        What happened in the network.
    window : ndarray of float32, shape (steps,)
        w(t).
    classes : sequence of str
        Names.
    dt : float
        Time step in ms.
    spoken : str
        What was said, and by whom.

    Returns
    -------
    Figure
    """
    trial = len(window) * dt
    figure = Figure(figsize=(WIDTH, 6.5), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
    panels.input_spikes(axes[0], events, trial)
    panels.hidden_spikes(axes[1], inside)
    panels.output_voltages(axes[2], inside, window, classes, dt)
    panels.time_axis(axes[2], trial)
    answer, probability = panels.ranking(inside)[0]
    figure.suptitle(f"spoken: {spoken}; answer: {classes[answer]} (probability {probability:.2f})")
    return figure
