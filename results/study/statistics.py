"""Paired comparisons of several windows with one: permutation tests, corrected; intervals; power.

Where speakers are left out one by one there are two questions. Over seeds: would other seeds, on these same speakers,
say the same? Over seeds and speakers (`crossed`): would other speakers, too? The second interval is the wider one.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from pipeline.evaluation.intervals import student
from results.study.crossed import crossed

Array = NDArray[np.float64]

PERMUTATIONS = 20_000
"""Drawn where there are more sign changes than that; all are taken where there are fewer."""

LEVEL = 0.05


@dataclass(frozen=True)
class Paired:
    """A comparison of two treatments on the same seeds (and folds).

    Attributes
    ----------
    pairs : int
    difference, low, high : float
        Mean and its 95 % interval by Student's t.
    effect : float
        Cohen's d of the differences: their mean over their standard deviation.
    p : float
        Of a sign-flip permutation test, two-sided: as probable or more extreme if signs were by chance.
    detectable : float
        The mean difference that a test of these many pairs with this scatter finds in four of five studies.
    """

    pairs: int
    difference: float
    low: float
    high: float
    effect: float
    p: float
    detectable: float


def paired(differences: Array, seed: int = 0) -> Paired:
    """Compare by the differences of pairs, each an independent draw: one a seed, folds averaged.

    Parameters
    ----------
    differences : ndarray, shape (pairs,)
    seed : int
        Of the permutations that are drawn.
    """
    d = np.asarray(differences, dtype=np.float64)
    mean, low, high = student(d)
    spread = float(d.std(ddof=1)) if len(d) > 1 else float("nan")
    effect = mean / spread if spread and np.isfinite(spread) else float("nan")
    return Paired(len(d), mean, low, high, effect, sign_flip(d, seed), detectable(spread, len(d)))


def sign_flip(differences: Array, seed: int = 0) -> float:
    """Return the two-sided p of a mean difference under random signs: exact where there are few pairs."""
    d = np.asarray(differences, dtype=np.float64)
    if len(d) == 0:
        return float("nan")
    observed = abs(d.mean())
    if 2 ** len(d) <= PERMUTATIONS:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(d))))
        return float((np.abs(signs @ d / len(d)) >= observed - 1e-12).mean())
    signs = np.random.default_rng(seed).choice((1.0, -1.0), (PERMUTATIONS, len(d)))
    as_far = (np.abs(signs @ d / len(d)) >= observed - 1e-12).sum()
    return float((as_far + 1) / (PERMUTATIONS + 1))


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Return p values corrected for several comparisons (Holm 1979)."""
    corrected: dict[str, float] = {}
    running = 0.0
    for rank, (name, value) in enumerate(sorted(p.items(), key=lambda item: item[1])):
        running = max(running, min(1.0, (len(p) - rank) * value))
        corrected[name] = running
    return {name: corrected[name] for name in p}


def power(difference: float, spread: float, pairs: int, level: float = LEVEL) -> float:
    """Return the probability that a paired t-test finds a true difference, two-sided."""
    if pairs < 2 or spread == 0:
        return float("nan")
    shift, free = difference / spread * np.sqrt(pairs), pairs - 1
    edge = stats.t.ppf(1 - level / 2, free)
    with np.errstate(all="ignore"):
        right, wrong = stats.nct.sf(edge, free, shift), stats.nct.cdf(-edge, free, shift)
    # Far off, SciPy's tails of the noncentral t are no numbers: one is 1 there, and the other 0.
    return float(np.nan_to_num(right, nan=float(shift > edge)) + np.nan_to_num(wrong, nan=float(-shift > edge)))


def detectable(spread: float, pairs: int, wanted: float = 0.8) -> float:
    """Return the true difference that is found with probability ``wanted``."""
    if pairs < 2 or not np.isfinite(spread) or spread == 0:
        return float("nan")
    return float(optimize.brentq(lambda d: power(d, spread, pairs) - wanted, 1e-9 * spread, 1e3 * spread))


def compare(rows: pd.DataFrame, against: str) -> pd.DataFrame:
    """Compare every variant with one, paired by seed.

    Parameters
    ----------
    rows : DataFrame
        Columns variant, seed, held, accuracy.
    against : str
        A variant.

    Returns
    -------
    DataFrame
        One row a variant: mean accuracy with its interval over seeds, seeds, folds; and of all but ``against`` the
        fields of `Paired` with p corrected for as many comparisons as there are. Where there are folds, also those of
        `Crossed`: ``anyone_low``, ``anyone_high``, ``anyone_p`` (corrected) and ``between_speakers``.
    """
    scores = rows.groupby(["variant", "seed"], sort=False)["accuracy"].mean().unstack("variant")
    folds = rows.groupby("variant")["held"].nunique()
    cells = {name: _cells(rows, name, against) for name in scores if name != against}
    found = {name: paired(differences.mean(axis=1)) for name, differences in cells.items()}
    corrected = holm({name: comparison.p for name, comparison in found.items()})
    anyone = {name: crossed(differences) for name, differences in cells.items()} if (folds > 1).any() else {}
    anyone_corrected = holm({name: comparison.p for name, comparison in anyone.items()})
    table = []
    for name in scores:
        mean, low, high = student(scores[name].to_numpy())
        row: dict[str, object] = {"window": name, "seeds": int(scores[name].notna().sum()), "folds": int(folds[name])}
        row |= {"accuracy": mean, "low": low, "high": high}
        if name in found:
            c = found[name]
            row |= {"difference": c.difference, "difference_low": c.low, "difference_high": c.high}
            row |= {"effect": c.effect, "p": c.p, "p_corrected": corrected[name], "detectable": c.detectable}
        if name in anyone:
            a = anyone[name]
            row |= {"anyone_low": a.low, "anyone_high": a.high, "anyone_p": anyone_corrected[name]}
            row |= {"between_speakers": a.between_speakers}
        table.append(row)
    return pd.DataFrame(table)


def _cells(rows: pd.DataFrame, name: str, against: str) -> Array:
    """Return differences by seed (rows) and fold (columns), of the seeds that lack none."""
    cells = rows.pivot_table("accuracy", ["seed", "held"], "variant", dropna=False)
    return np.asarray((cells[name] - cells[against]).unstack("held").dropna())
