"""Whether windows look where the information about the word lies: the overlap of a window with a linear readout."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from results.experiments.study.choosing import setting_of
from results.experiments.study.plan import Plan

BELLS = ("gaussian", "bump")
"""Windows whose settings differ in their place in the trial."""

HEADERS = {
    "held": "scored on",
    "validation": "validation accuracy",
    "centre": "centre (ms)",
    "overlap": "overlap with the information of slices",
}
"""What readers see in place of the names of columns of `match`."""


def profile(slices: pd.DataFrame) -> NDArray[np.float64]:
    """Return each slice's share of the information about the word: its accuracy above chance, of sum 1."""
    above = np.maximum((slices["alone"] - slices["chance"]).to_numpy(), 0.0)
    return np.asarray(above / above.sum()) if above.any() else np.full(len(slices), 1 / len(slices))


def weights(table: NDArray[np.float32], slices: pd.DataFrame, dt: float) -> NDArray[np.float64]:
    """Return each slice's share of a window's weight, of sum 1; the table is the window at every step of ``dt`` ms."""
    place = np.searchsorted(slices["begin"], (np.arange(len(table)) + 0.5) * dt, side="right") - 1
    found = np.bincount(place, table.astype(np.float64), len(slices))
    return np.asarray(found / found.sum())


def overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the overlap of two distributions, the sum of their minima, 0..1."""
    return float(np.minimum(one, other).sum())


def match(plan: Plan, choice: pd.DataFrame, slices: pd.DataFrame) -> pd.DataFrame:
    """Add each setting's place to the table of `choosing.choose`: ``centre`` (ms), and ``overlap`` with `by_slice`."""
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
    """Return validation accuracy by place of the `BELLS`, the mean over gains of the logits.

    The columns are held, window, centre, overlap, validation, and whether a setting at this place was ``chosen``.
    """
    bells = matched[matched["window"].isin(BELLS)]
    groups = bells.groupby(["held", "window", "centre", "overlap"], sort=False)
    return groups.agg(validation=("validation", "mean"), chosen=("chosen", "any")).reset_index()


def correlation(matched: pd.DataFrame) -> float:
    """Return the rank correlation (Spearman) of overlap and validation accuracy over places.

    The mean over folds; NaN where fewer than two places differ.
    """
    varied = [
        # Rounded, so that equal accuracies are ties.
        stats.spearmanr(part["overlap"], part["validation"].round(5)).statistic
        for _, part in places(matched).groupby("held")
        if min(part["overlap"].nunique(), part["validation"].nunique()) > 1
    ]
    return float(np.mean(varied)) if varied else float("nan")


def rank(matched: pd.DataFrame, window: str = "gaussian") -> tuple[float, int]:
    """Return the rank by overlap of the place that validation chose for a window, and the number of places tried.

    Rank 1 is the largest overlap; the mean over folds.
    """
    own = places(matched[matched["window"] == window])
    ranks = own.groupby("held")["overlap"].rank(ascending=False)
    return float(ranks[own["chosen"]].mean()), int(own.groupby("held").size().max())


def location(matched: pd.DataFrame, slices: pd.DataFrame) -> str:
    """Return where the information about the word lies, and how far the chosen windows overlap with it."""
    length = slices["begin"].diff().iloc[-1]
    middle = float(np.average(slices["begin"] + length / 2, weights=profile(slices)))
    chosen = matched[matched["chosen"]].groupby("window", sort=False)[["centre", "overlap"]].mean()
    own, others = chosen.loc["gaussian"], chosen.drop("gaussian")
    beside = ", ".join(f"{name} {value:.2f}" for name, value in others["overlap"].items())
    return (
        f"The information that slices of {length:.0f} ms carry about the word is centred at {middle:.0f} ms, the "
        f"chosen Gaussian window at {own['centre']:.0f} ms; they overlap by {own['overlap']:.2f} ({beside})."
    )


def ranked(matched: pd.DataFrame) -> list[str]:
    """Return the rank of the Gaussian window's place, as a sentence; none where only one place was tried."""
    place, count = rank(matched)
    if count < 2:
        return []
    return [f"By overlap, the chosen place of the Gaussian window has rank {place:.2g} of the {count} that were tried."]


def association(matched: pd.DataFrame) -> list[str]:
    """Return how overlap and validation accuracy go together, as a sentence; none where that can't be told."""
    together = correlation(matched)
    if np.isnan(together):
        return []
    tried = len(places(matched).drop_duplicates(["window", "centre"]))
    said = f"Over the {tried} places of the Gaussian and bump windows that were tried, overlap and validation accuracy"
    return [f"{said} have a rank correlation of {together:.2f}."]
