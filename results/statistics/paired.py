"""Paired comparisons of several windows with one: differences, intervals, p values and minimum detectable differences.

Every difference is tested twice. The mixed model over seeds and units of analysis (`mixed_model`) decides: its interval
holds for other seeds and other units. The permutation test over seeds alone (`hypothesis_tests.sign_flip_test`) holds
for other seeds on these very units.

The unit of analysis is the held-out speaker where speakers are held out one at a time, and the pair of speaker and word
on a single test part. Recordings of one word by one speaker succeed and fail together; as independent units they would
make any difference significant. An interval over pairs holds for other recordings of these words by these speakers, not
for other speakers or words.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.errors import InputError
from pipeline.evaluation.intervals import student
from results.statistics.hypothesis_tests import LEVEL, ROUNDING, holm, sign_flip_test
from results.statistics.mixed_model import crossed_random_effects
from results.statistics.power import minimum_detectable_difference

SPEAKERS, PAIRS, WORDS = "speakers", "pairs of speaker and word", "words"
"""Units of analysis: held-out speakers; on one test part pairs, or words where it has one speaker."""

HEADERS = {
    "seeds": "seeds with all runs",
    "failed": "failed runs",
    "scored_on": "number of units",
    "units": "unit of analysis",
    "low": "95 % CI low",
    "high": "95 % CI high",
    "paired": "paired seeds",
    "difference_low": "difference, 95 % CI low",
    "difference_high": "difference, 95 % CI high",
    "p_corrected": "p (Holm)",
    "detectable": "minimum detectable difference",
    "effect": "Cohen's d",
    "seeds_low": "over seeds alone, 95 % CI low",
    "seeds_high": "over seeds alone, 95 % CI high",
    "seeds_p": "over seeds alone, p",
}
"""What readers see in place of the names of columns of `compare`."""


def compare(rows: pd.DataFrame, recordings: pd.DataFrame, reference: str) -> pd.DataFrame:
    """Compare every variant with the reference, paired by seed and unit of analysis.

    Parameters
    ----------
    rows : DataFrame
        One row a run: variant, seed, held, accuracy, right (whether it got each recording right, digits 0 and 1). A run
        that failed has no accuracy; its seed is left out of its variant's numbers, and counted.
    recordings : DataFrame
        What was scored, in the order of ``right``: held, speaker, word. Every unit of analysis counts alike, whatever
        the number of its recordings.
    reference : str
        A variant.

    Returns
    -------
    DataFrame
        One row a variant: ``window`` (its name), ``seeds`` that have all their runs, ``failed`` runs, ``scored_on``
        (number of units), ``units`` (the unit of analysis), mean ``accuracy`` with its 95 % interval over seeds,
        ``low`` and ``high``; ``paired``, the seeds that the reference has, too.
        For all but the reference: ``difference`` of accuracies with its 95 % interval over seeds and units,
        ``difference_low`` and ``difference_high``, its ``p``, and ``p_corrected`` (Holm); ``detectable``, the minimum
        detectable difference at 80 % power, at a level corrected for the number of comparisons (Bonferroni);
        ``effect``, Cohen's d over seeds; ``seeds_low``, ``seeds_high`` and ``seeds_p``, interval and p over seeds
        alone.

    Raises
    ------
    InputError
        If a run has scored another number of recordings.
    """
    units, scores = _by_unit(rows, recordings)
    # Differences by seed and unit, of the seeds that both have.
    both = {name: (own - scores[reference]).dropna() for name, own in scores.items() if name != reference}
    cells = {name: differences.to_numpy(np.float64) for name, differences in both.items()}
    found = {name: crossed_random_effects(differences) for name, differences in cells.items()}
    corrected = holm({name: comparison.p for name, comparison in found.items()})
    table = []
    for name, own in scores.items():
        mean, low, high = student(own.mean(axis=1).to_numpy())
        failed = int(rows[rows["variant"] == name]["accuracy"].isna().sum())
        row: dict[str, object] = {"window": name, "seeds": len(own), "failed": failed, "scored_on": own.shape[1]}
        row |= {"units": units, "accuracy": mean, "low": max(low, 0.0), "high": min(high, 1.0)}
        row["paired"] = len(cells.get(name, own))
        if name in found:
            c, by_seed = found[name], cells[name].mean(axis=1)
            _, seeds_low, seeds_high = student(by_seed)
            spread = by_seed.std(ddof=1) if len(by_seed) > 1 else 0.0
            row |= {"difference": c.difference, "difference_low": c.low, "difference_high": c.high, "p": c.p}
            row |= {"p_corrected": corrected[name]}
            row |= {"detectable": minimum_detectable_difference(c.error, c.freedom, LEVEL / len(found))}
            row |= {"effect": by_seed.mean() / spread if spread > ROUNDING else float("nan")}
            row |= {"seeds_low": seeds_low, "seeds_high": seeds_high, "seeds_p": float(sign_flip_test(by_seed))}
        table.append(row)
    return pd.DataFrame(table)


def accuracies(rows: pd.DataFrame, recordings: pd.DataFrame) -> pd.DataFrame:
    """Return every variant's mean accuracy with its 95 % interval over seeds and units of analysis.

    The arguments are those of `compare`. The columns are variant, accuracy, low, high: with one seed or one unit there
    is no interval.
    """
    table = []
    for name, own in _by_unit(rows, recordings)[1].items():
        found = crossed_random_effects(own.to_numpy(np.float64))
        table.append((name, found.difference, max(found.low, 0.0), min(found.high, 1.0)))
    return pd.DataFrame(table, columns=["variant", "accuracy", "low", "high"])


def _by_unit(rows: pd.DataFrame, recordings: pd.DataFrame) -> tuple[str, dict[str, pd.DataFrame]]:
    """Return the name of the unit of analysis, and every variant's accuracies by seed and unit; see `_scores`."""
    units, unit = _units(recordings)
    codes, names = pd.factorize(unit)
    places = {str(held): codes[recordings["held"] == held] for held in recordings["held"].unique()}
    return units, {str(name): _scores(part, places, names) for name, part in rows.groupby("variant", sort=False)}


def _units(recordings: pd.DataFrame) -> tuple[str, pd.Series]:
    """Return the name of the unit of analysis, and the unit of every recording."""
    if recordings["held"].nunique() > 1:
        return SPEAKERS, recordings["speaker"]
    if recordings["speaker"].nunique() > 1:
        return PAIRS, recordings["speaker"] + ": " + recordings["word"]
    return WORDS, recordings["word"]


def _scores(part: pd.DataFrame, places: Mapping[str, NDArray[np.int64]], units: pd.Index) -> pd.DataFrame:
    """Return a variant's accuracies by seed (rows) and unit (columns), of the seeds that have all their runs.

    ``places`` has the number of the unit of every recording, by what is held.
    """
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
