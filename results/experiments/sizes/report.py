"""Accuracy by hidden size, the thesis's grid of 64 to 1024 neurons, feed-forward against recurrent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console

from pipeline.pictures.save import save
from results.experiments.comparison.report import carry_out
from results.experiments.comparison.runs import Job, Variant
from results.figures.sizes import by_size
from results.paths import TABLES

FOLDER = TABLES
SIZES = (64, 128, 256, 512, 1024)
SEEDS = 5


def sizes(
    console: Console,
    config: str,
    hidden: Sequence[int] = SIZES,
    seeds: int = SEEDS,
    shared: tuple[str, ...] = (),
    workers: int = 0,
    folder: Path = FOLDER,
) -> pd.DataFrame:
    """Train networks of every size, feed-forward and recurrent, and score them on the test part.

    Parameters
    ----------
    console : Console
    config : str
        A TOML file, or the name of a shipped config.
    hidden : sequence of int
        Neurons of the one hidden layer.
    seeds : int
        Of each: 1, 2 and so on.
    shared : tuple of str
        Overrides of all runs.
    workers : int
        Processes; 0 takes as many as cores.
    folder : Path
        Where ``sizes-<config>.csv``, ``.md``, ``-runs.csv``, ``.json`` and ``.png`` go.

    Returns
    -------
    DataFrame
        See `statistics.summary.summary`.
    """
    jobs = [Job(variant, seed, shared=shared) for variant in variants(config, hidden) for seed in range(1, seeds + 1)]
    title = f"sizes-{Path(config).stem}"
    rows, table = carry_out(console, title, jobs, workers, folder)
    save(by_size(rows), folder / f"{title}.png")
    console.print(f"written: {folder / title}.csv, .md, .png", highlight=False)
    return table


def variants(config: str, hidden: Sequence[int]) -> list[Variant]:
    """Return every size, feed-forward and recurrent, the small ones first."""
    return [
        Variant(f"{size} {kind}", config, (f"network.hidden={size}", f"network.recurrent={recurrent}"))
        for size in hidden
        for kind, recurrent in (("feed-forward", "false"), ("recurrent", "true"))
    ]
