"""What early and late spikes are worth: how much they tell about the word, and how much they change the loss.

Section 5 of the thesis argues that early input spikes tell little about the word yet, and that late hidden spikes no
longer change the loss. Both can be computed. What the input spikes in one slice of time tell is the accuracy of a
linear readout, from a published study. What a hidden spike at a time changes is the integral of its postsynaptic
potential under the window. Eventprop's gradient is made of the slope of that integral, the effect of moving the spike:
under a uniform window it is 0 until the trial's end cuts the potential off.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.windows import Window
from pipeline.pictures.style import BLACK, GREY, subplots
from results.experiments.study.findings import PARTS, Findings
from results.figures.registry import figure
from results.figures.study import COLOURS, DASHES

STUDIES = ("fsdd-index", "digits")


def windowed_potential(
    window: Window, trial: float, tau_mem: float, tau_syn: float, step: float = 1.0
) -> NDArray[np.float64]:
    """Return the integral of a spike's postsynaptic potential under the window, by the spike's time.

    The potential of a leaky integrator, ``psp(t) = exp(-t / tau_mem) - exp(-t / tau_syn)``, starts at the spike and is
    cut off at the trial's end: ``P(t) = integral from t to T of w(s) psp(s - t) ds``. It is the change of a logit by
    one hidden spike per unit of output weight. All times are in ms.

    Returns
    -------
    ndarray, shape (steps,)
        For spikes at the beginning of each step, scaled to mean 1.
    """
    steps = round(trial / step)
    weight = window.table(steps).astype(np.float64)
    since = (np.arange(steps) + 0.5) * step
    psp = np.exp(-since / tau_mem) - np.exp(-since / tau_syn)
    integrals = np.convolve(weight[::-1], psp)[:steps][::-1]
    return np.asarray(integrals / integrals.mean())


def share_in_uninformative_slices(slices: pd.DataFrame, potential: NDArray[np.float64], trial: float) -> float:
    """Return the share of `windowed_potential` in slices with less than half of the best slice's accuracy above chance.

    Slices have columns ``begin`` (ms), ``alone`` (accuracy from that slice) and ``chance``; the trial is in ms.
    """
    above = (slices["alone"] - slices["chance"]).to_numpy()
    times = np.arange(len(potential)) * trial / len(potential)
    place = np.searchsorted(slices["begin"], times, side="right") - 1
    return float(potential[(above < above.max() / 2)[place]].sum() / potential.sum())


@figure(
    "early-and-late",
    says="Top: accuracy of a linear readout of the input spikes in one slice of time. Middle: change of a logit by one "
    "hidden spike at that time, under each window, scaled to mean 1; the legend gives its share in uninformative "
    "slices, whose accuracy above chance is less than half of the best slice's. Bottom: the effect of moving that "
    "spike, which is the slope of the middle panel.",
    needs=tuple(f"study/{plan}.json" for plan in STUDIES),
    beside=tuple(f"study/{plan}-{part}.csv" for plan in STUDIES for part in PARTS),
)
def early_and_late(*paths: Path) -> Figure:
    """Draw the information in slices of time, the change of a logit by a spike under each window, and its slope.

    Each published study (``<plan>.json``) has a column. Time constants are the output's initial ones.
    """
    figure, grid = subplots(1, 6.0, 3, len(paths), sharex="col", sharey="row", squeeze=False)
    for path, (information, effect, slope) in zip(paths, grid.T, strict=True):
        study = Findings.read(path)
        slices = study.slices
        chance = slices["chance"].iloc[0]
        length = slices["begin"].diff().iloc[-1]
        trial = float(study.windows[0][1].data.trial)
        information.bar(slices["begin"], slices["alone"], length, align="edge", color=GREY, edgecolor="white")
        information.set_xlim(0, trial)
        information.axhline(chance, color=BLACK, linestyle=":", linewidth=1)
        information.text(trial, chance, "chance", ha="right", va="bottom", size=7)
        information.set_title(f"{study.plan.name}, slices of {length:g} ms", loc="left")
        for name, config in dict(study.windows).items():
            assert config.window is not None, "every window of the study is one"
            taus = config.network.output_tau_mem, config.network.output_tau_syn
            potential = windowed_potential(config.window, trial, *taus)
            times = np.linspace(0, trial, len(potential))
            label = f"{name}: {share_in_uninformative_slices(slices, potential, trial):.0%}"
            look = {"color": COLOURS[name], "linestyle": DASHES[name]}
            effect.plot(times, potential, label=label, **look)
            slope.plot(times, np.gradient(potential) * 1000, **look)
        effect.legend(title="in uninformative slices", loc="upper right", fontsize=7, title_fontsize=7)
        slope.axhline(0, color=BLACK, linewidth=0.5)
        slope.set_xlabel("time in the trial (ms)")
    grid[1, 0].set_ylim(bottom=0)
    grid[0, 0].set_ylabel("accuracy of a linear\nreadout of one slice")
    grid[1, 0].set_ylabel("change of a logit by\none hidden spike (mean 1)")
    grid[2, 0].set_ylabel("effect of moving\nthe spike (1/s)")
    return figure
