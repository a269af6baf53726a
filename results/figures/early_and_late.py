"""The thought experiment behind the loss, measured: early spikes tell nothing yet, late ones change nothing any more.

Section 5 of the thesis argues so from how words are spoken and how the loss integrates. Both sides can be computed:
what input spikes of a slice of time tell about the word (a linear readout's accuracy, from a committed study), and what
a hidden spike at that time can still change in the loss's integral of the output voltage under a window: by being
there, and by moving. Moving is what Eventprop's gradient is made of: under a window that stays the same, nothing
changes when a spike moves, until the trial's end cuts its potential off.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.windows import Window
from pipeline.pictures.style import BLACK, GREY, WIDTH, styled
from pipeline.training.build import make_window
from results.experiments.study.findings import Findings
from results.figures.study import COLOURS

DASHES = {"uniform": ":", "exponential": "--", "gaussian": "-", "bump": "-."}


def leverage(window: Window, trial: float, tau_mem: float, tau_syn: float, step: float = 1.0) -> NDArray[np.float64]:
    """Return how much a spike at each time changes the windowed integral of the output voltage, per unit weight.

    The postsynaptic potential of a leaky integrator, ``exp(-t / tau_mem) - exp(-t / tau_syn)``, starts at the spike
    and is cut off at the trial's end: ``L(t) = integral from t to T of w(s) psp(s - t) ds``.

    Parameters
    ----------
    window : Window
    trial, tau_mem, tau_syn, step : float
        ms.

    Returns
    -------
    ndarray, shape (steps,)
        At the begin of each step, scaled to mean 1.
    """
    steps = round(trial / step)
    weight = window.table(steps).astype(np.float64)
    since = (np.arange(steps) + 0.5) * step
    psp = np.exp(-since / tau_mem) - np.exp(-since / tau_syn)
    found = np.convolve(weight[::-1], psp)[:steps][::-1]
    return np.asarray(found / found.mean())


def uninformed(slices: pd.DataFrame, found: NDArray[np.float64], trial: float) -> float:
    """Return the share of a window's leverage in slices that tell less than half of what the best one tells."""
    above = (slices["alone"] - slices["chance"]).to_numpy()
    place = np.searchsorted(slices["begin"], np.arange(len(found)) * trial / len(found), side="right") - 1
    return float(found[(above < above.max() / 2)[place]].sum() / found.sum())


@styled
def early_and_late(*paths: Path) -> Figure:
    """Draw what slices of time tell, the leverage of a spike under each chosen window, and its slope.

    The legend says how much of the leverage lies where slices tell less than half of what the best one tells. Time
    constants are those that the output begins with.

    Parameters
    ----------
    *paths : Path
        ``<plan>.json`` of committed studies, one column each.
    """
    figure = Figure(figsize=(WIDTH, 6.0), layout="constrained")
    grid = figure.subplots(3, len(paths), sharex="col", sharey="row", squeeze=False)
    for column, path in enumerate(paths):
        study = Findings.read(path)
        slices = study.slices
        chance = slices["chance"].iloc[0]
        length = slices["begin"].diff().iloc[-1]
        trial = float(study.windows[0][1].data.trial)
        told, there, moved = grid[:, column]
        told.bar(slices["begin"], slices["alone"], length, align="edge", color=GREY, edgecolor="white")
        told.set_xlim(0, trial)
        told.axhline(chance, color=BLACK, linestyle=":", linewidth=1)
        told.text(trial, chance, "chance", ha="right", va="bottom", size=7)
        told.set_title(study.plan.name, loc="left")
        for name, config in dict(study.windows).items():
            assert config.window is not None, "every window of the study is one"
            taus = config.network.output_tau_mem, config.network.output_tau_syn
            found = leverage(make_window(config.window), trial, *taus)
            label = f"{name}: {uninformed(slices, found, trial):.0%}"
            look = {"color": COLOURS[name], "linestyle": DASHES[name]}
            there.plot(np.linspace(0, trial, len(found)), found, label=label, **look)
            moved.plot(np.linspace(0, trial, len(found)), np.gradient(found) * 1000, **look)
        there.legend(title="share where little is told", loc="upper right", fontsize=7, title_fontsize=7)
        moved.axhline(0, color=BLACK, linewidth=0.5)
        moved.set_xlabel("time (ms)")
    grid[1, 0].set_ylim(bottom=0)
    grid[0, 0].set_ylabel("what one slice tells:\naccuracy of a linear readout")
    grid[1, 0].set_ylabel("what one hidden spike\nchanges by being there")
    grid[2, 0].set_ylabel("and by moving (per s)")
    return figure
