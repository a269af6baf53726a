"""Robustness: many seeds of the defaults, a few of settings that fail, a table and a figure."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.pictures.save import save
from pipeline.training.examples import load_dataset, split_training
from results.experiments.comparison.report import carry_out
from results.experiments.comparison.variants import jobs_of
from results.experiments.robustness.gradient_spikes import gradient_spikes
from results.experiments.robustness.variants import EXPONENTIAL, FAILING, SHIPPED
from results.figures.robustness import robustness_figure
from results.paths import TABLES
from sweeps.runner import Runner

FOLDER = TABLES
SEEDS = 20
FAILING_SEEDS = 1


def robustness(
    runner: Runner, seeds: int = SEEDS, shared: tuple[str, ...] = (), folder: Path = FOLDER
) -> pd.DataFrame | None:
    """Train the shipped configs with many seeds and count collapsed runs; show why other settings collapse.

    Parameters
    ----------
    runner : Runner
    seeds : int
        Of each of the shipped configs.
    shared : tuple of str
        Overrides of all runs.
    folder : Path
        Where robustness.csv, robustness.md and robustness.png go.

    Returns
    -------
    DataFrame or None
        See `statistics.summary.summary`; None where the runs were submitted to a cluster.
    """
    jobs = jobs_of(SHIPPED, seeds, shared)
    failing = jobs_of(FAILING, min(FAILING_SEEDS, seeds), shared)
    done = carry_out(runner, "robustness", [*SHIPPED, *FAILING], [*jobs, *failing], folder, shared)
    if done is None:
        return None
    rows, table = done
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
    runner.console.print(f"written: {folder / 'robustness.png'}", highlight=False)
    return table
