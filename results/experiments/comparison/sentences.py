"""What a paired comparison shows, in the words that all comparisons share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from results.statistics.hypothesis_tests import LEVEL, p_text


def points(difference: float) -> str:
    """Return the size of a difference of accuracies in percentage points."""
    return f"{100 * abs(difference):.1f} points"


def size(difference: float) -> str:
    """Return a difference of accuracies: "4.2 points lower"."""
    return f"{points(difference)} {'higher' if difference > 0 else 'lower'}"


def certainty(row: pd.Series) -> str:
    """Return how sure a difference is: "95 % CI -12.6 to +4.3, p = 0.24"; the p is the corrected one.

    The row is one of `statistics.paired.compare`.
    """
    low, high = 100 * row["difference_low"], 100 * row["difference_high"]
    return f"95 % CI {low:+.1f} to {high:+.1f}, {p_text(row['p_corrected'])}"


def outcome(row: pd.Series) -> str:
    """Return what a comparison with the reference shows: better, worse, open, or unknown."""
    if not np.isfinite(row["p_corrected"]):
        return "unknown"
    if row["p_corrected"] >= LEVEL:
        return "open"
    return "better" if row["difference"] > 0 else "worse"
