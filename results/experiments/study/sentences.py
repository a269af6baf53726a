"""What a comparison of readout windows says: sentences made from its numbers, whatever these are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from results.experiments.comparison.sentences import certainty, outcome, points, size
from results.experiments.study.plan import REFERENCE
from results.statistics.hypothesis_tests import p_text
from results.statistics.paired import PAIRS, SPEAKERS
from results.statistics.power import POWER

NAMES = {"gaussian": "Gaussian"}
"""Windows whose name is not written as it is in configs."""

CEILING = 0.97
"""Accuracy of the reference window above which data are nearly solved, so that differences can only be small."""

RESOLUTION = 0.001
"""Differences of accuracies are said to a tenth of a percentage point."""


def percent(fraction: float, digits: int = 0) -> str:
    """Return a fraction in per cent."""
    return f"{100 * fraction:.{digits}f} %"


def listed(parts: Sequence[str]) -> str:
    """Return parts as an enumeration: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def scores(row: pd.Series, with_power: bool = False) -> str:
    """Return a window's difference from the reference: "4.2 points lower (95 % CI -12.6 to +4.3, p = 0.24)".

    The row is one of `statistics.paired.compare`, the p its corrected one; ``with_power`` adds the minimum detectable
    difference.
    """
    same = abs(row["difference"]) < RESOLUTION / 2
    apart = f"the same to {points(RESOLUTION)}" if same else size(row["difference"])
    with_power &= bool(np.isfinite(row["detectable"]))
    least = f"; minimum detectable difference {points(row['detectable'])}" if with_power else ""
    return f"{apart} ({certainty(row)}{least})"


def measured(row: pd.Series, subject: str = "it", with_power: bool = False) -> str:
    """Return what was measured of a window, as a clause; see `scores`."""
    if outcome(row) == "unknown":
        seeds = "1 seed" if row["paired"] == 1 else f"{row['paired']} seeds"
        return f"the difference from the {REFERENCE} window can't be told from {seeds}"
    return f"{subject} scores {scores(row, with_power)}"


def named(window: str) -> str:
    """Return a window as sentences name it: "the Gaussian window"."""
    return f"the {NAMES.get(window, window)} window"


def capitalised(text: str) -> str:
    """Return a sentence with a capital at its beginning."""
    return text[0].upper() + text[1:]


def verdict(row: pd.Series) -> str:
    """Return whether a window differs from the reference, as a sentence."""
    name = named(row["window"])
    said = {
        "better": f"{name} is better than the {REFERENCE} window.",
        "worse": f"{name} is worse than the {REFERENCE} window.",
        "open": f"no difference between {name} and the {REFERENCE} window is shown.",
        "unknown": f"too few runs were compared to tell whether {name} differs from the {REFERENCE} window.",
    }[outcome(row)]
    return capitalised(said)


def scope(row: pd.Series, speakers: int, reference_accuracy: float, onset: float) -> list[str]:
    """Return what the interval holds for, what the study could detect, and what it says nothing about.

    The row is one of `statistics.paired.compare`; so many speakers were scored; words begin ``onset`` ms into the
    trial (median over recordings).
    """
    said = [f"Compared were {row['paired']} seeds on {row['scored_on']} {row['units']}."]
    if np.isfinite(row["detectable"]):
        said.append(f"The minimum detectable difference at {percent(POWER)} power is {points(row['detectable'])}.")
    if row["units"] == SPEAKERS:
        said.append("The interval holds for other seeds and other speakers.")
    elif row["units"] == PAIRS:
        said.append(
            f"The interval holds for other seeds and other recordings of these words by these {speakers} speakers; "
            "nothing follows for other words or speakers."
        )
    else:
        said.append("The interval holds for other seeds and other words by the same speaker.")
    if np.isfinite(row["seeds_low"]):
        said.append(
            f"On the same {row['units']}, over seeds alone, the interval is {100 * row['seeds_low']:+.1f} to "
            f"{100 * row['seeds_high']:+.1f} points ({p_text(row['seeds_p'])}, permutation test)."
        )
    if reference_accuracy > CEILING:
        said.append(
            f"The {REFERENCE} window's accuracy is {percent(reference_accuracy, 1)}: these data are nearly solved, and "
            "differences can only be small."
        )
    said.append(f"Words begin {onset:.0f} ms into the trial (median); nothing follows for words that begin later.")
    said.append("All numbers are those of the settings that validation chose.")
    return said
