"""The thought experiment behind the loss, measured: early spikes tell nothing yet, late ones change nothing any more.

Section 5 of the thesis argues so from how words are spoken and how the loss integrates. Both sides can be computed:
what input spikes of a slice of time tell about the word (a linear readout's accuracy, from a committed study), and how
much a hidden spike at that time can still change the loss's integral of the output voltage under a window.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.windows import Window
from pipeline.pictures.style import BLACK, GREY, WIDTH, styled
from results.figures.windows import SHOWN

TAU_MEM, TAU_SYN = 20.0, 5.0
"""ms; of the networks for SHD (Nowotny, Turner and Knight 2025)."""


def leverage(window: Window, trial: float, step: float = 1.0) -> NDArray[np.float64]:
    """Return how much a spike at each time changes the windowed integral of the output voltage, per unit weight.

    The postsynaptic potential of a leaky integrator, ``exp(-t / tau_mem) - exp(-t / tau_syn)``, starts at the spike
    and is cut off at the trial's end: ``L(t) = integral from t to T of w(s) psp(s - t) ds``.

    Returns
    -------
    ndarray, shape (steps,)
        At the begin of each step of ``step`` ms, scaled to mean 1.
    """
    steps = round(trial / step)
    weight = window.table(steps).astype(np.float64)
    since = (np.arange(steps) + 0.5) * step
    psp = np.exp(-since / TAU_MEM) - np.exp(-since / TAU_SYN)
    found = np.convolve(weight[::-1], psp)[:steps][::-1]
    return np.asarray(found / found.mean())


def uninformed(slices: pd.DataFrame, window: Window, trial: float) -> float:
    """Return the share of a window's leverage in slices that tell less than half of what the best one tells."""
    above = (slices["alone"] - slices["chance"]).to_numpy()
    found = leverage(window, trial)
    place = np.searchsorted(slices["begin"], np.arange(len(found)) * trial / len(found), side="right") - 1
    return float(found[(above < above.max() / 2)[place]].sum() / found.sum())


@styled
def early_and_late(*paths: Path) -> Figure:
    """Draw what slices of time tell, over it each window's leverage, and how much of that goes where little is told.

    Parameters
    ----------
    *paths : Path
        ``<plan>-slices.csv`` of committed studies, one column each; see `study.slices.by_slice`.
    """
    figure = Figure(figsize=(WIDTH, 4.6), layout="constrained")
    grid = figure.subplots(2, len(paths), sharex="col", sharey="row", squeeze=False)
    for column, path in enumerate(paths):
        slices = pd.read_csv(path)
        chance = slices["chance"].iloc[0]
        length = slices["begin"].diff().iloc[-1]
        trial = float(slices["begin"].iloc[-1] + length)
        upper, lower = grid[:, column]
        upper.bar(slices["begin"], slices["alone"], length, align="edge", color=GREY, edgecolor="white")
        upper.set_xlim(0, trial)
        upper.axhline(chance, color=BLACK, linestyle=":", linewidth=1)
        upper.text(trial, chance, "chance", ha="right", va="bottom", size=7)
        upper.set_title(path.name.removesuffix("-slices.csv"), loc="left")
        for label, (window, colour, dashes) in SHOWN.items():
            share = uninformed(slices, window, trial)
            found = leverage(window, trial)
            shown = f"{label}: {share:.0%}"
            lower.plot(np.linspace(0, trial, len(found)), found, color=colour, linestyle=dashes, label=shown)
        lower.set_xlabel("time (ms)")
        lower.legend(title="share where little is told", loc="upper right", fontsize=7, title_fontsize=7)
    grid[0, 0].set_ylabel("what one slice tells:\naccuracy of a linear readout")
    grid[1, 0].set_ylabel("what one hidden spike\ncan still change")
    return figure
