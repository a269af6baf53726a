"""Comparisons on the screen and as files: CSV of all runs, CSV and Markdown of what they come to."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from pipeline.data.atomic import write_atomically
from pipeline.training.run import environment
from results.experiments.comparison.provenance import provenance
from results.experiments.comparison.runs import Job, run_all, some_trained
from results.statistics.summary import HEADERS, summary
from results.tables.files import write_csv
from results.tables.text import cell, markdown


def carry_out(
    console: Console, name: str, jobs: Sequence[Job], workers: int, folder: Path, against: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Train all runs of a comparison, print what they come to and write it.

    Parameters
    ----------
    console : Console
    name : str
        Of the table and its files; see `write`.
    jobs : sequence of Job
    workers : int
        Processes; 0 takes as many as cores.
    folder : Path
    against : str, optional
        See `statistics.summary.summary`.

    Returns
    -------
    rows, table : DataFrame
        Of `runs.run_all` and `statistics.summary.summary`.
    """
    rows = some_trained(run_all(jobs, console, workers))
    table = summary(rows, against)
    show(console, name, table)
    write(folder, name, rows, table, jobs)
    return rows, table


def show(console: Console, title: str, table: pd.DataFrame) -> None:
    """Print what `statistics.summary.summary` returns."""
    shown = Table(title=title, caption="95 % intervals over seeds; differences are paired by seed")
    compared = "difference" in table
    paired = ("difference", "p") if compared else ()
    for column in ("variant", "seeds", "collapsed", "accuracy", *paired, "rate", "silent"):
        shown.add_column(column, justify="left" if column == "variant" else "right")
    for row in table.to_dict("records"):
        cells = [row["variant"], row["seeds"], row["collapsed"], _with_interval(row, "accuracy", "low", "high")]
        if compared:
            cells += [_with_interval(row, "difference", "difference_low", "difference_high"), row["p"]]
        shown.add_row(*map(cell, cells), f"{row['rate']:.1f}", f"{row['silent']:.0%}")
    console.print(shown)


def _with_interval(row: Mapping[Hashable, Any], value: str, low: str, high: str) -> str:
    if math.isnan(row[value]):
        return ""
    between = "" if math.isnan(row[low]) else f"\n{cell(row[low])}..{cell(row[high])}"
    return f"{cell(row[value])}{between}"


def write(folder: Path, name: str, rows: pd.DataFrame, table: pd.DataFrame, jobs: Sequence[Job] = ()) -> None:
    """Write NAME-runs.csv (one row a run), NAME.csv, NAME.md, and in NAME.json what was trained.

    Parameters
    ----------
    folder : Path
    name : str
    rows : DataFrame
        Of `runs.run_all`.
    table : DataFrame
        Of `statistics.summary.summary`.
    jobs : sequence of Job
        What was asked for: in the JSON, every variant's config and overrides, beside what `provenance.provenance` says:
        the commits that trained the runs, and their resolved configs.
    """
    asked = {job.variant.name: [job.variant.config, *job.shared, *job.variant.overrides] for job in jobs}
    about = {"variants": asked, "environment": environment()} | provenance(rows)
    write_csv(folder / f"{name}-runs.csv", rows)
    write_csv(folder / f"{name}.csv", table)
    for file, text in (
        (f"{name}.md", markdown(table.rename(columns=HEADERS))),
        (f"{name}.json", json.dumps(about, indent=2) + "\n"),
    ):
        write_atomically(folder / file, [text.encode()])
