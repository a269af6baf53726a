"""The study, step by step: choose every window's setting, train, compare, look where the information lies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from pipeline.config import Config
from pipeline.data.container import SpikeData
from pipeline.data.splits import leave_one_speaker_out
from pipeline.pictures.save import save
from pipeline.training.examples import kept_dataset
from pipeline.training.run import environment
from results.experiments.comparison import details
from results.experiments.comparison.provenance import provenance
from results.experiments.comparison.runs import run_all, some_trained
from results.experiments.study import matching
from results.experiments.study.choosing import choose, comparing_jobs
from results.experiments.study.findings import Findings
from results.experiments.study.plan import Plan
from results.experiments.study.recordings import recordings
from results.experiments.study.slices import by_slice
from results.paths import STUDY
from results.tables.files import write_csv

FOLDER = STUDY

BEGUN = 0.05
"""A word has begun when this fraction of its spikes has come."""


def study(plans: Sequence[Plan], console: Console, workers: int = 0, folder: Path = FOLDER) -> dict[str, Findings]:
    """Run every plan; runs that are done are not done again.

    Parameters
    ----------
    plans : sequence of Plan
    console : Console
    workers : int
        Processes; 0 takes as many as cores.
    folder : Path
        Where what `findings.Findings` writes goes, ``<plan>-choosing.csv`` (the runs that settings were chosen by),
        ``-curves.csv`` and ``-confusion.csv``, ``<plan>.png`` and ``-slices.png``.

    Returns
    -------
    dict of str to Findings
        By plan.
    """
    found = {}
    for plan in plans:
        console.print(f"{plan.name}: choosing every window's setting", highlight=False)
        chosen, choice, choosing = choose(plan, console, workers)
        console.print(f"{plan.name}: {plan.seeds} seeds of each", highlight=False)
        rows = some_trained(run_all(comparing_jobs(plan, chosen), console, workers))
        config = next(iter(chosen.values()))[0].settings(1, plan.shared)
        slices = informative(config, plan.loso)
        data = kept_dataset(config)
        findings = Findings(
            plan,
            rows,
            recordings(data, plan.loso),
            matching.match(plan, choice, slices),
            slices,
            onset(data.train),
            environment(),
            **provenance(rows),
        )
        findings.write(folder)
        parts = {"choosing": choosing, "curves": details.curves(rows), "confusion": details.confusion(rows)}
        for name, part in parts.items():
            write_csv(folder / f"{plan.name}-{name}.csv", part)
        save(findings.draw_verdict(), folder / f"{plan.name}.png")
        save(findings.draw_information(), folder / f"{plan.name}-slices.png")
        for text in findings.sentences:
            console.print(text, highlight=False, soft_wrap=True)
        found[plan.name] = findings
    return found


def informative(config: Config, loso: bool) -> pd.DataFrame:
    """Return what slices of time tell; see `slices.by_slice`.

    Parameters
    ----------
    config : Config
    loso : bool
        Of speakers who were left out, the mean over them, instead of the test part.
    """
    data = kept_dataset(config)
    pairs = [(data.train, data.test)]
    if loso:
        pairs = [(data.train.select(f.rest), data.train.select(f.held)) for f in leave_one_speaker_out(data.train)]
    tables = [by_slice(training, test, config.data.trial) for training, test in pairs]
    return pd.concat(tables).groupby("begin", as_index=False).mean()


def onset(data: SpikeData) -> float:
    """Return when words begin, in ms: the median over recordings of when the first of their spikes have come."""
    begins = [
        np.quantile(data.times[begin:end], BEGUN)
        for begin, end in zip(data.offsets[:-1], data.offsets[1:], strict=True)
        if end > begin
    ]
    return round(float(np.median(begins)), 1)
