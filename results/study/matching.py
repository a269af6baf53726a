"""Whether windows look where the words' information lies."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from pipeline.training.build import make_window
from results.study.choosing import setting_of
from results.study.plan import Plan

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
            config = option.settings(1, plan.shared).resolved()
            assert config.window is not None, "every window of the study is one"
            table = make_window(config.window).table(config.steps)
            centre = float(np.average((np.arange(config.steps) + 0.5) * config.data.dt, weights=table))
            where[window, setting_of(option)] = centre, overlap(informed, weights(table, slices, config.data.dt))
    found = [where[row.window, row.setting] for row in choice.itertuples()]
    return choice.assign(centre=[c for c, _ in found], overlap=[o for _, o in found])


def correlation(matched: pd.DataFrame) -> float:
    """Return how well overlap goes with validation accuracy over the settings that differ in where they look.

    Spearman's rank correlation, the mean over folds; NaN where settings are too few, or all alike.
    """
    bells = matched[matched["window"].isin(BELLS)]
    varied = [
        stats.spearmanr(part["overlap"], part["validation"]).statistic
        for _, part in bells.groupby("held")
        if min(part["overlap"].nunique(), part["validation"].nunique()) > 1
    ]
    return float(np.mean(varied)) if varied else float("nan")


def sentence(matched: pd.DataFrame, slices: pd.DataFrame) -> str:
    """Return where the words' information lies and whether the windows that were chosen look there."""
    length = slices["begin"].diff().iloc[-1]
    middle = float(np.average(slices["begin"] + length / 2, weights=profile(slices)))
    chosen = matched[matched["chosen"]].groupby("window", sort=False)[["centre", "overlap"]].mean()
    looks = "; ".join(f"{name} {row['centre']:.0f} ms, {row['overlap']:.2f}" for name, row in chosen.iterrows())
    said = (
        f"What slices of {length:.0f} ms tell by themselves is centred at {middle:.0f} ms; the chosen windows' "
        f"centres, and how much of their weight lies as the information does: {looks}"
    )
    together = correlation(matched)
    if np.isnan(together):
        return said
    bells = " and the ".join(f"{name} window's" for name in BELLS)
    return (
        f"{said}. Over the {bells} settings, lying so and validation accuracy go together with a rank correlation of "
        f"{together:.2f}"
    )
