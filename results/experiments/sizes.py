"""Accuracy by hidden size, the thesis's grid of 64 to 1024 neurons, feed-forward and recurrent: ``make sizes``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from results.experiments.comparison.report import carry_out
from results.experiments.comparison.variants import Variant, jobs_of
from results.figures.seeds import by_size
from results.paths import TABLES
from sweeps.runner import Runner

SIZES = (64, 128, 256, 512, 1024)
"""Numbers of neurons of the one hidden layer."""


def sizes(
    runner: Runner,
    config: str,
    hidden: Sequence[int] = SIZES,
    seeds: int = 5,
    shared: Sequence[str] = (),
    folder: Path = TABLES,
) -> pd.DataFrame | None:
    """Train networks of every size and score them on the test part; see `comparison.report.carry_out`."""
    chosen, title = variants(config, hidden), f"sizes-{Path(config).stem}"
    return carry_out(runner, title, chosen, jobs_of(chosen, seeds, shared), folder, shared, draw=by_size)


def variants(config: str, hidden: Sequence[int]) -> list[Variant]:
    """Return every size, feed-forward and recurrent, the small ones first."""
    return [
        Variant(f"{size} {kind}", config, (f"network.hidden={size}", f"network.recurrent={recurrent}"))
        for size in hidden
        for kind, recurrent in (("feed-forward", "false"), ("recurrent", "true"))
    ]
