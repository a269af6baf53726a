"""Paired comparisons of several windows with one: tests, corrected for their number; intervals; power.

Every difference is looked at in two ways. Over seeds and what is scored (`crossed`): would other seeds and other
speakers, or recordings, say the same? That decides. Over seeds alone, by a permutation test: would other seeds say the
same of these very speakers and recordings?
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

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


def power(difference: float, error: float, freedom: float, level: float = LEVEL) -> float:
    """Return the probability that a two-sided t-test finds a true difference.

    Parameters
    ----------
    difference : float
    error : float
        Standard error of the measured difference.
    freedom : float
        Its degrees of freedom.
    level : float
    """
    if not freedom > 0 or not error > 0:
        return float("nan")
    shift = difference / error
    edge = stats.t.ppf(1 - level / 2, freedom)
    with np.errstate(all="ignore"):
        right, wrong = stats.nct.sf(edge, freedom, shift), stats.nct.cdf(-edge, freedom, shift)
    # Far off, SciPy's tails of the noncentral t are no numbers: one is 1 there, and the other 0.
    return float(np.nan_to_num(right, nan=float(shift > edge)) + np.nan_to_num(wrong, nan=float(-shift > edge)))


def detectable(error: float, freedom: float, level: float = LEVEL, wanted: float = 0.8) -> float:
    """Return the true difference that is found with probability ``wanted``; see `power`."""
    if not freedom > 0 or not error > 0:
        return float("nan")
    return float(optimize.brentq(lambda d: power(d, error, freedom, level) - wanted, 1e-9 * error, 1e3 * error))


def compare(rows: pd.DataFrame, against: str) -> pd.DataFrame:
    """Compare every variant with one, paired by seed and by what is scored.

    Parameters
    ----------
    rows : DataFrame
        Columns variant, seed, held, accuracy, right (which recordings a run got right, digits 0 and 1). Where several
        speakers were held out they are the units that are scored, otherwise the recordings are. A run that failed has
        no accuracy; its seed is left out of its variant's numbers, and counted.
    against : str
        A variant.

    Returns
    -------
    DataFrame
        One row a variant: ``window``, ``seeds`` that have all their runs, ``failed`` runs, ``scored_on`` how many
        ``units``; mean ``accuracy`` with its interval over seeds, ``low`` and ``high``. And of all but ``against``:
        ``difference`` with its interval over seeds and units, ``difference_low`` and ``_high``; ``p`` of it, and
        ``p_corrected`` for as many comparisons as there are (Holm); ``detectable``, the true difference that four of
        five such studies would find even if it were the hardest to find of all comparisons (Bonferroni); ``effect``,
        Cohen's d of the differences of seeds; ``seeds_low``, ``seeds_high``, ``seeds_p``: over seeds alone.
    """
    scores = {str(name): _scores(part) for name, part in rows.groupby("variant", sort=False)}
    cells = {name: _differences(own, scores[against]) for name, own in scores.items() if name != against}
    found = {name: crossed(differences) for name, differences in cells.items()}
    corrected = holm({name: comparison.p for name, comparison in found.items()})
    table = []
    for name, own in scores.items():
        mean, low, high = student(own.mean(axis=1).to_numpy())
        failed = int(rows[rows["variant"] == name]["accuracy"].isna().sum())
        units = "speakers" if rows["held"].nunique() > 1 else "recordings"
        row: dict[str, object] = {"window": name, "seeds": len(own), "failed": failed, "scored_on": own.shape[1]}
        row |= {"units": units, "accuracy": mean, "low": low, "high": high}
        if name in found:
            c, by_seed = found[name], cells[name].mean(axis=1)
            _, seeds_low, seeds_high = student(by_seed)
            spread = by_seed.std(ddof=1) if len(by_seed) > 1 else 0.0
            row |= {"difference": c.difference, "difference_low": c.low, "difference_high": c.high, "p": c.p}
            row |= {"p_corrected": corrected[name], "detectable": detectable(c.error, c.freedom, LEVEL / len(found))}
            row |= {"effect": by_seed.mean() / spread if spread else float("nan")}
            row |= {"seeds_low": seeds_low, "seeds_high": seeds_high, "seeds_p": sign_flip(by_seed)}
        table.append(row)
    return pd.DataFrame(table)


def p_text(p: float) -> str:
    """Return a p value as sentences and pictures say it."""
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"


def _scores(part: pd.DataFrame) -> pd.DataFrame:
    """Return a variant's scores by seed (rows) and unit (columns), of the seeds that lack none."""
    if part["held"].nunique() > 1:
        return part.pivot(index="seed", columns="held", values="accuracy").dropna()
    known = part.dropna(subset="accuracy").set_index("seed")
    return pd.DataFrame({seed: [float(digit) for digit in right] for seed, right in known["right"].items()}).T


def _differences(one: pd.DataFrame, other: pd.DataFrame) -> Array:
    """Return differences by seed and unit, of the seeds that both have."""
    return np.asarray((one - other).dropna(), dtype=np.float64)
