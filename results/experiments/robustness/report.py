"""The study of robustness: many seeds of the defaults, a few of what fails, a table and a figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console

from pipeline.pictures.save import save
from pipeline.training.examples import load_dataset, split_training
from results.experiments.comparison.report import carry_out
from results.experiments.comparison.runs import Job
from results.experiments.robustness.gradient_spikes import gradient_spikes
from results.experiments.robustness.variants import EXPONENTIAL, FAILING, SHIPPED
from results.figures.robustness import robustness_figure
from results.paths import TABLES

FOLDER = TABLES
SEEDS = 20
FAILING_SEEDS = 1


def robustness(
    console: Console, seeds: int = SEEDS, shared: tuple[str, ...] = (), workers: int = 0, folder: Path = FOLDER
) -> pd.DataFrame:
    """Train the shipped configs with many seeds and see whether any collapses; show why others do.

    Parameters
    ----------
    console : Console
    seeds : int
        Of each of the shipped configs.
    shared : tuple of str
        Overrides of all runs.
    workers : int
        Processes; 0 takes as many as cores.
    folder : Path
        Where robustness.csv, robustness.md and robustness.png go.

    Returns
    -------
    DataFrame
        See `statistics.summary.summary`.
    """
    jobs = [Job(variant, seed, shared=shared) for variant in SHIPPED for seed in range(1, seeds + 1)]
    few = min(FAILING_SEEDS, seeds)
    failing = [Job(variant, seed, shared=shared) for variant in FAILING for seed in range(1, few + 1)]
    rows, table = carry_out(console, "robustness", [*jobs, *failing], workers, folder)
    ends = rows.iloc[: len(jobs)]
    shown = pd.concat([ends[ends["variant"] == EXPONENTIAL.name].iloc[:1], rows.iloc[len(jobs) :]])
    shown = shown[shown["failed"] == ""].drop_duplicates("variant")
    metrics = {row.variant: pd.read_csv(Path(row.run) / "metrics.csv") for row in shown.itertuples()}
    grazing = {}
    for name, overrides in (("on the grid", ()), ("interpolated", ("network.spike_times=interpolated",))):
        config = EXPONENTIAL.settings(1, [*shared, *overrides, "training.least_slope=0"])
        parts = split_training(config, load_dataset(config, progress=False).train)
        grazing[name] = gradient_spikes(config, parts.training)
    save(robustness_figure(grazing, metrics, ends), folder / "robustness.png")
    console.print(f"written: {folder / 'robustness.png'}", highlight=False)
    return table
