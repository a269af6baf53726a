"""Paired comparisons of several windows with one: tests, corrected for their number; intervals; power.

Every difference is looked at in two ways. Over seeds and what is scored (`crossed`): would other seeds and other
speakers, or words as other speakers say them, tell the same? That decides. Over seeds alone, by a permutation test:
would other seeds tell the same of these very speakers and words?

Recordings of one word by one speaker are alike and succeed or fail together; taken for independent they would make any
difference look sure. They count as one unit. Intervals over such units are those of other recordings of these words by
these speakers: what other speakers, or words, would have in common is not in them. With speakers left out one by one
the speakers are the units, and intervals hold for other speakers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from models.errors import InputError
from pipeline.evaluation.intervals import student
from results.statistics.crossed import ROUNDING, crossed

Array = NDArray[np.float64]

PERMUTATIONS = 20_000
"""Drawn where there are more sign changes than that; all are taken where there are fewer."""

LEVEL = 0.05

SPEAKERS, PAIRS, WORDS = "speakers", "pairs of speaker and word", "words"
"""What is scored: left-out speakers, or in one test part words by speaker; words, where only one speaker is known."""


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
    """Return p values corrected for several comparisons (Holm 1979); those that are NaN stay so and don't count."""
    known = sorted((value, name) for name, value in p.items() if not math.isnan(value))
    corrected = dict.fromkeys(p, math.nan)
    running = 0.0
    for rank, (value, name) in enumerate(known):
        running = max(running, min(1.0, (len(known) - rank) * value))
        corrected[name] = running
    return corrected


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
    largest = 1e3 * error
    while power(largest, error, freedom, level) < wanted:
        largest *= 10
        if largest > 1e9 * error:
            return float("nan")
    return float(optimize.brentq(lambda d: power(d, error, freedom, level) - wanted, 1e-9 * error, largest))


def compare(rows: pd.DataFrame, recordings: pd.DataFrame, against: str) -> pd.DataFrame:
    """Compare every variant with one, paired by seed and by what is scored.

    Parameters
    ----------
    rows : DataFrame
        Columns variant, seed, held, accuracy, right (which recordings a run got right, digits 0 and 1). A run that
        failed has no accuracy; its seed is left out of its variant's numbers, and counted.
    recordings : DataFrame
        What was scored, in the order of ``right``: columns held, speaker, word. Where several speakers were held out
        they are the units, otherwise the pairs of speaker and word are; every unit counts alike.
    against : str
        A variant.

    Returns
    -------
    DataFrame
        One row a variant: ``window``, ``seeds`` that have all their runs, ``failed`` runs, ``scored_on`` how many
        ``units``; mean ``accuracy`` with its interval over seeds, ``low`` and ``high``; how many seeds are ``paired``
        with those of ``against``. And of all but that: ``difference`` with its interval over seeds and units,
        ``difference_low`` and ``_high``; ``p`` of it, and ``p_corrected`` for as many comparisons as there are (Holm);
        ``detectable``, the true difference that four of five such studies would find even if it were the hardest to
        find of all comparisons (Bonferroni); ``effect``, Cohen's d of the differences of seeds; ``seeds_low``,
        ``seeds_high``, ``seeds_p``: over seeds alone.

    Raises
    ------
    InputError
        If a run has scored another number of recordings.
    """
    units, unit = _units(recordings)
    scores = {str(name): _scores(part, recordings["held"], unit) for name, part in rows.groupby("variant", sort=False)}
    cells = {name: _differences(own, scores[against]) for name, own in scores.items() if name != against}
    found = {name: crossed(differences) for name, differences in cells.items()}
    corrected = holm({name: comparison.p for name, comparison in found.items()})
    table = []
    for name, own in scores.items():
        mean, low, high = student(own.mean(axis=1).to_numpy())
        failed = int(rows[rows["variant"] == name]["accuracy"].isna().sum())
        row: dict[str, object] = {"window": name, "seeds": len(own), "failed": failed, "scored_on": own.shape[1]}
        row |= {"units": units, "accuracy": mean, "low": max(low, 0.0), "high": min(high, 1.0)}
        row |= {"paired": len(cells.get(name, own))}
        if name in found:
            c, by_seed = found[name], cells[name].mean(axis=1)
            _, seeds_low, seeds_high = student(by_seed)
            spread = by_seed.std(ddof=1) if len(by_seed) > 1 else 0.0
            row |= {"difference": c.difference, "difference_low": c.low, "difference_high": c.high, "p": c.p}
            row |= {"p_corrected": corrected[name], "detectable": detectable(c.error, c.freedom, LEVEL / len(found))}
            row |= {"effect": by_seed.mean() / spread if spread > ROUNDING else float("nan")}
            row |= {"seeds_low": seeds_low, "seeds_high": seeds_high, "seeds_p": sign_flip(by_seed)}
        table.append(row)
    return pd.DataFrame(table)


def p_text(p: float) -> str:
    """Return a p value as sentences and pictures say it."""
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"


def _units(recordings: pd.DataFrame) -> tuple[str, pd.Series]:
    """Return what the units are called, and the unit of every recording."""
    if recordings["held"].nunique() > 1:
        return SPEAKERS, recordings["speaker"]
    if recordings["speaker"].nunique() > 1:
        return PAIRS, recordings["speaker"] + ": " + recordings["word"]
    return WORDS, recordings["word"]


def _scores(part: pd.DataFrame, held: pd.Series, unit: pd.Series) -> pd.DataFrame:
    """Return a variant's scores by seed (rows) and unit (columns), of the seeds that have all their runs."""
    codes, units = pd.factorize(unit)
    places = {str(name): codes[held == name] for name in held.unique()}
    scores = {seed: np.full(len(units), np.nan) for seed in part["seed"].unique()}
    for row in part.dropna(subset="accuracy").itertuples():
        place = places.get(row.held, np.empty(0, np.int64))
        if len(row.right) != len(place):
            raise InputError(
                f"the run of {row.variant}, seed {row.seed}, has scored {len(row.right)} recordings of {row.held}; "
                f"there are {len(place)}"
            )
        right = np.frombuffer(row.right.encode(), np.uint8) == ord("1")
        own = np.unique(place)
        scores[row.seed][own] = np.bincount(place, right)[own] / np.bincount(place)[own]
    return pd.DataFrame.from_dict(scores, "index", columns=units).dropna()


def _differences(one: pd.DataFrame, other: pd.DataFrame) -> Array:
    """Return differences by seed and unit, of the seeds that both have."""
    return np.asarray((one - other).dropna(), dtype=np.float64)
