"""What a comparison of methods says of each method: sentences made from its numbers, whatever these are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from results.experiments.comparison.sentences import certainty, size
from results.experiments.methods.findings import Findings
from results.experiments.methods.plan import REFERENCE


def sentences(found: Findings) -> list[str]:
    """Return what was compared, and a sentence a method."""
    reference = found.row(REFERENCE)
    if reference is None:
        return [f"{found.name}: {REFERENCE} took no part, so that nothing is compared."]
    scored = "with speakers held out one at a time" if found.loso else "on the test part"
    first = (
        f"{found.name}: {REFERENCE} scores {accuracy(reference)} {scored} ({int(reference['seeds'])} seeds, "
        f"{found.units}); differences from it are in percentage points."
    )
    others = found.table[found.table["method"] != REFERENCE]
    return [
        first,
        *(f"{row['method']}: {accuracy(row)}, {difference(row)}; {cost(row)}." for _, row in others.iterrows()),
    ]


def accuracy(row: pd.Series) -> str:
    """Return an accuracy with its interval: "0.899 (0.850 to 0.940)"."""
    if not np.isfinite(row["accuracy"]):
        return "no accuracy"
    between = f" ({row['low']:.3f} to {row['high']:.3f})" if np.isfinite(row["low"]) else ""
    return f"{row['accuracy']:.3f}{between}"


def difference(row: pd.Series) -> str:
    """Return a method's difference from the reference: "4.2 points lower (95 % CI -12.6 to +4.3, p = 0.24)"."""
    if not np.isfinite(row["difference"]):
        return "which can't be compared"
    sure = f" ({certainty(row)})" if np.isfinite(row["p_corrected"]) else ", without an interval"
    return f"{size(row['difference'])}{sure}"


def cost(row: pd.Series) -> str:
    """Return what a method costs beside the reference."""
    return (
        f"{row['operations']:,.0f} operations an example, {row['times_the_time']:.2g} times {REFERENCE}'s training "
        f"time and {row['times_the_memory']:.2g} times its memory"
    )
