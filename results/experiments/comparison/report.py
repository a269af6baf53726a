"""Comparisons: trained, printed, and written as CSV of all runs and as CSV and Markdown of the summary."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.console import Console, Table
from pipeline.data.atomic import kept_if_possible, write_atomically
from pipeline.training.run import environment
from results.experiments.comparison.provenance import provenance
from results.experiments.comparison.variants import Variant, some_trained
from results.statistics.summary import HEADERS, summary
from results.tables.files import write_csv
from results.tables.text import cell, markdown
from sweeps.jobs import Job
from sweeps.runner import Runner, one_stage

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def carry_out(
    runner: Runner,
    name: str,
    variants: Sequence[Variant],
    jobs: Sequence[Job],
    folder: Path,
    shared: Sequence[str] = (),
    against: str | None = None,
    draw: Callable[[pd.DataFrame], Figure] | None = None,
) -> pd.DataFrame | None:
    """Train all runs of a comparison, print its table and write it.

    Parameters
    ----------
    runner : Runner
    name : str
        Of the table and its files; see `write`.
    variants : sequence of Variant
    jobs : sequence of Job
        The variants' runs.
    folder : Path
        Where NAME.csv, .md, .json, -runs.csv and, with ``draw``, .png go.
    shared : sequence of str
        Overrides of all runs.
    against : str, optional
        See `statistics.summary.summary`.
    draw : callable, optional
        Draws the figure of the rows of `Runner.train`.

    Returns
    -------
    DataFrame or None
        Of `statistics.summary.summary`; None where the runs were submitted to a cluster.
    """
    rows = runner.run(name, partial(one_stage, jobs))
    if rows is None:
        return None
    table = summary(some_trained(rows), against)
    show(runner.console, name, table)
    with kept_if_possible():
        write(folder, name, rows, table, variants, shared)
        if draw is not None:
            from pipeline.pictures.save import save

            save(draw(rows), folder / f"{name}.png")
        runner.console.print(f"written: {folder / name}.csv, .md{', .png' if draw else ''}")
    return table


def show(console: Console, title: str, table: pd.DataFrame) -> None:
    """Print a table of `statistics.summary.summary`."""
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


def write(
    folder: Path,
    name: str,
    rows: pd.DataFrame,
    table: pd.DataFrame,
    variants: Sequence[Variant] = (),
    shared: Sequence[str] = (),
) -> None:
    """Write NAME-runs.csv (one row a run), NAME.csv, NAME.md, and in NAME.json what was trained; see `carry_out`.

    The JSON has every variant's config and overrides, and the runs' `provenance`.
    """
    trained = {variant.name: [variant.config, *shared, *variant.overrides] for variant in variants}
    about = {"variants": trained, "environment": environment()} | provenance(rows)
    write_csv(folder / f"{name}-runs.csv", rows)
    write_csv(folder / f"{name}.csv", table)
    for file, text in (
        (f"{name}.md", markdown(table.rename(columns=HEADERS))),
        (f"{name}.json", json.dumps(about, indent=2) + "\n"),
    ):
        write_atomically(folder / file, [text.encode()])
