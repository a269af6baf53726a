"""Leave-one-speaker-out cross-validation: ``make crossval``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from models.errors import DivergedError
from pipeline.config import Config
from pipeline.console import Console, Table
from pipeline.data.atomic import kept_if_possible
from pipeline.evaluation.intervals import student, wilson
from pipeline.training.run import Run
from sweeps.jobs import Job, speakers
from sweeps.runner import Runner, one_stage


def crossval(runner: Runner, config: Config, console: Console) -> pd.DataFrame | None:
    """Train and score one network a speaker of the training part, print and write the table.

    A held-out speaker chooses nothing: the best epoch comes from the validation split that the config makes of the
    other speakers. The test part has no place here. Return one row a speaker, see `jobs.train_and_score`; None where
    the runs were submitted to a cluster.

    Raises
    ------
    InputError
        If there are fewer than two speakers, or a fold can't be trained.
    """
    jobs = [Job(config.name, config, speaker) for speaker in speakers(config)]
    rows = runner.run(f"crossval-{config.name}", partial(one_stage, jobs))
    if rows is None:
        return None
    for reason in filter(None, rows["failed"]):
        raise DivergedError(reason)
    run = Job(config.name, config).run
    console.print(_table(rows))
    with kept_if_possible():
        write_summary(run, rows)
    console.print(str(run.folder))
    return rows


def write_summary(run: Run, rows: pd.DataFrame) -> None:
    """Write crossval.csv and crossval.json to the folder of the config's own run."""
    table = rows[["held", "examples", "epoch", "accuracy"]].rename(columns={"held": "speaker"})
    run.write_text("crossval.csv", table.to_csv(index=False, lineterminator="\n"))
    mean, low, high = mean_interval(rows["accuracy"].tolist())
    summary = {"folds": len(rows), "accuracy": mean, "low": low, "high": high}
    run.write_text("crossval.json", json.dumps(summary, indent=2) + "\n")


def mean_interval(accuracies: Sequence[float]) -> tuple[float, float, float]:
    """Return the mean over folds and its 95 % interval by Student's t, cut to 0..1."""
    mean, low, high = student(np.asarray(accuracies))
    if len(accuracies) < 2:
        return mean, 0.0, 1.0
    return mean, max(low, 0.0), min(high, 1.0)


def _table(rows: pd.DataFrame) -> Table:
    table = Table(title="leave one speaker out")
    table.add_column("held out")
    for column in ("examples", "epoch", "accuracy", "95 % interval"):
        table.add_column(column, justify="right")
    for row in rows.itertuples():
        low, high = wilson(row.right.count("1"), row.examples)
        cells = (str(row.examples), str(row.epoch), f"{row.accuracy:.3f}", f"{low:.3f} .. {high:.3f}")
        table.add_row(row.held, *cells)
    mean, low, high = mean_interval(rows["accuracy"].tolist())
    table.add_section()
    table.add_row("mean of folds", "", "", f"{mean:.3f}", f"{low:.3f} .. {high:.3f}", style="bold")
    return table
