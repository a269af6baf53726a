"""The study: choose every window's setting, train, compare, and find where the words' information lies."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Config
from pipeline.data.atomic import kept_if_possible
from pipeline.data.container import SpikeData
from pipeline.data.splits import leave_one_speaker_out
from pipeline.pictures.save import save
from pipeline.training.examples import kept_dataset
from pipeline.training.run import environment
from results.experiments.comparison import details
from results.experiments.comparison.provenance import provenance
from results.experiments.comparison.recordings import recordings
from results.experiments.comparison.variants import some_trained
from results.experiments.study import matching
from results.experiments.study.choosing import Trained, stages
from results.experiments.study.findings import Findings
from results.experiments.study.plan import Plan
from results.experiments.study.slices import by_slice
from results.paths import STUDY
from results.tables.files import write_csv
from sweeps.runner import Runner

BEGUN = 0.05
"""A word has begun when this fraction of its spikes has come."""


def study(plans: Sequence[Plan], runner: Runner, folder: Path = STUDY) -> dict[str, Findings]:
    """Carry out every plan; runs that are done are not trained again.

    Parameters
    ----------
    folder : Path
        Where what `findings.Findings` writes goes, ``<plan>-choosing.csv`` (the runs on which settings were chosen),
        ``-curves.csv`` and ``-confusion.csv``, ``<plan>.png`` and ``-slices.png``.

    Returns
    -------
    dict of str to Findings
        By plan; empty where the runs were submitted to a cluster.
    """
    found = {}
    trained = runner.run_all("study", [partial(stages, plan) for plan in plans])
    for plan, runs in zip(plans, trained, strict=False):
        findings = _findings(plan, runs)
        for text in findings.sentences:
            runner.console.print(text)
        with kept_if_possible():
            findings.write(folder)
            curves, confusion = details.curves(runs.rows), details.confusion(runs.rows)
            for name, part in {"choosing": runs.choosing, "curves": curves, "confusion": confusion}.items():
                write_csv(folder / f"{plan.name}-{name}.csv", part)
            save(findings.draw_verdict(), folder / f"{plan.name}.png")
            save(findings.draw_information(), folder / f"{plan.name}-slices.png")
        found[plan.name] = findings
    return found


def _findings(plan: Plan, trained: Trained) -> Findings:
    rows = some_trained(trained.rows)
    config = next(iter(trained.chosen.values()))[0].settings(1, plan.shared)
    slices, data = informative(config, plan.loso), kept_dataset(config)
    return Findings(
        plan,
        rows,
        recordings(data, plan.loso),
        matching.match(plan, trained.choice, slices),
        slices,
        onset(data.train),
        environment(),
        **provenance(rows),
    )


def informative(config: Config, loso: bool) -> pd.DataFrame:
    """Return what slices of time tell of the test part, or on average of left-out speakers; see `slices.by_slice`."""
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
