"""Whether windows look where the words' information lies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from results.experiments.study.choosing import setting_of
from results.experiments.study.plan import Plan

BELLS = ("gaussian", "bump")
"""Windows whose settings differ in where they look."""


def profile(slices: pd.DataFrame) -> NDArray[np.float64]:
    """Return the share of each slice in what slices tell by themselves: accuracy above chance, of sum 1."""
    above = np.maximum((slices["alone"] - slices["chance"]).to_numpy(), 0.0)
    return np.asarray(above / above.sum()) if above.any() else np.full(len(slices), 1 / len(slices))


def weights(table: NDArray[np.float32], slices: pd.DataFrame, dt: float) -> NDArray[np.float64]:
    """Return the share of each slice in a window's weight, of sum 1."""
    place = np.searchsorted(slices["begin"], (np.arange(len(table)) + 0.5) * dt, side="right") - 1
    found = np.bincount(place, table.astype(np.float64), len(slices))
    return np.asarray(found / found.sum())


def overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return what two distributions have in common, 0..1."""
    return float(np.minimum(one, other).sum())


def match(plan: Plan, choice: pd.DataFrame, slices: pd.DataFrame) -> pd.DataFrame:
    """Add to the table of settings where each looks: ``centre`` (ms) and ``overlap`` with the words' information.

    Parameters
    ----------
    plan : Plan
    choice : DataFrame
        Of `choosing.choose`.
    slices : DataFrame
        Of `slices.by_slice`: slices of one length, from the trial's begin to its end.
    """
    informed = profile(slices)
    where: dict[tuple[str, str], tuple[float, float]] = {}
    for window, options in plan.candidates().items():
        for option in options:
            config = option.settings(1, plan.shared)
            assert config.window is not None, "every window of the study is one"
            table = config.window.table(config.steps)
            centre = float(np.average((np.arange(config.steps) + 0.5) * config.data.dt, weights=table))
            where[window, setting_of(option)] = centre, overlap(informed, weights(table, slices, config.data.dt))
    found = [where[row.window, row.setting] for row in choice.itertuples()]
    return choice.assign(centre=[c for c, _ in found], overlap=[o for _, o in found])


def places(matched: pd.DataFrame) -> pd.DataFrame:
    """Return validation accuracy by place, of the windows that have several: the mean over gains of the logits.

    Returns
    -------
    DataFrame
        held, window, centre, overlap, validation, and whether a setting there was ``chosen``.
    """
    bells = matched[matched["window"].isin(BELLS)]
    groups = bells.groupby(["held", "window", "centre", "overlap"], sort=False)
    return groups.agg(validation=("validation", "mean"), chosen=("chosen", "any")).reset_index()


def correlation(matched: pd.DataFrame) -> float:
    """Return how well overlap goes with validation accuracy over places.

    Spearman's rank correlation, the mean over folds; NaN where places are too few, or all alike.
    """
    varied = [
        # Equal accuracies are ties, whatever digits their means were rounded to on the way.
        stats.spearmanr(part["overlap"], part["validation"].round(5)).statistic
        for _, part in places(matched).groupby("held")
        if min(part["overlap"].nunique(), part["validation"].nunique()) > 1
    ]
    return float(np.mean(varied)) if varied else float("nan")


def rank(matched: pd.DataFrame, window: str = "gaussian") -> tuple[float, int]:
    """Return the place that validation chose for a window, counted from 1 by overlap, and how many there were.

    The mean over folds.
    """
    own = places(matched[matched["window"] == window])
    ranks = own.groupby("held")["overlap"].rank(ascending=False)
    return float(ranks[own["chosen"]].mean()), int(own.groupby("held").size().max())


def sentence(matched: pd.DataFrame, slices: pd.DataFrame) -> str:
    """Return where the words' information lies and whether the Gaussian window that validation chose looks there."""
    length = slices["begin"].diff().iloc[-1]
    middle = float(np.average(slices["begin"] + length / 2, weights=profile(slices)))
    chosen = matched[matched["chosen"]].groupby("window", sort=False)[["centre", "overlap"]].mean()
    own, others = chosen.loc["gaussian"], chosen.drop("gaussian")
    beside = ", ".join(f"the {name} one's {value:.2f}" for name, value in others["overlap"].items())
    place, count = rank(matched)
    said = (
        f"What slices of {length:.0f} ms tell about the word by themselves is centred at {middle:.0f} ms, the Gaussian "
        f"window that validation chose at {own['centre']:.0f} ms; {own['overlap']:.2f} of its weight lies as that "
        f"information does ({beside})"
    )
    if count > 1:
        said += f", which makes it number {place:.2g} of the {count} places that were tried"
    together = correlation(matched)
    if np.isnan(together):
        return said
    tried = len(places(matched).drop_duplicates(["window", "centre"]))
    return (
        f"{said}; over the {tried} places of the Gaussian and the bump this share and validation accuracy have a rank "
        f"correlation of {together:.2f}"
    )
