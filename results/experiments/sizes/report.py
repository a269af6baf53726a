"""Accuracy by hidden size, the thesis's grid of 64 to 1024 neurons, feed-forward against recurrent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.pictures.save import save
from results.experiments.comparison.report import carry_out
from results.experiments.comparison.variants import Variant, jobs_of
from results.figures.seeds import by_size
from results.paths import TABLES
from sweeps.runner import Runner

FOLDER = TABLES
SIZES = (64, 128, 256, 512, 1024)
SEEDS = 5


def sizes(
    runner: Runner,
    config: str,
    hidden: Sequence[int] = SIZES,
    seeds: int = SEEDS,
    shared: tuple[str, ...] = (),
    folder: Path = FOLDER,
) -> pd.DataFrame | None:
    """Train networks of every size, feed-forward and recurrent, and score them on the test part.

    Parameters
    ----------
    runner : Runner
    config : str
        A TOML file, or the name of a shipped config.
    hidden : sequence of int
        Neurons of the one hidden layer.
    seeds : int
        Of each: 1, 2 and so on.
    shared : tuple of str
        Overrides of all runs.
    folder : Path
        Where ``sizes-<config>.csv``, ``.md``, ``-runs.csv``, ``.json`` and ``.png`` go.

    Returns
    -------
    DataFrame or None
        See `statistics.summary.summary`; None where the runs were submitted to a cluster.
    """
    chosen = variants(config, hidden)
    title = f"sizes-{Path(config).stem}"
    done = carry_out(runner, title, chosen, jobs_of(chosen, seeds, shared), folder, shared)
    if done is None:
        return None
    rows, table = done
    save(by_size(rows), folder / f"{title}.png")
    runner.console.print(f"written: {folder / title}.csv, .md, .png", highlight=False)
    return table


def variants(config: str, hidden: Sequence[int]) -> list[Variant]:
    """Return every size, feed-forward and recurrent, the small ones first."""
    return [
        Variant(f"{size} {kind}", config, (f"network.hidden={size}", f"network.recurrent={recurrent}"))
        for size in hidden
        for kind, recurrent in (("feed-forward", "false"), ("recurrent", "true"))
    ]
