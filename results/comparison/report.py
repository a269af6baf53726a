"""Comparisons on the screen and as files: CSV of all runs, CSV and Markdown of what they come to."""

from __future__ import annotations

import json
import math
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from pipeline.data.atomic import write_atomically
from pipeline.training.run import environment
from results.markdown import cell, markdown


def show(console: Console, title: str, table: pd.DataFrame) -> None:
    """Print what `tables.summary` returns."""
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


def write(folder: Path, name: str, rows: pd.DataFrame, table: pd.DataFrame) -> None:
    """Write NAME-runs.csv (one row a run), NAME.csv, NAME.md, and the environment as NAME.json.

    Parameters
    ----------
    folder : Path
    name : str
    rows : DataFrame
        Of `runs.run_all`.
    table : DataFrame
        Of `tables.summary`.
    """
    for file, text in (
        (f"{name}-runs.csv", rows.to_csv(index=False, float_format="%.6g")),
        (f"{name}.csv", table.to_csv(index=False, float_format="%.6g")),
        (f"{name}.md", markdown(table)),
        (f"{name}.json", json.dumps(environment(), indent=2) + "\n"),
    ):
        write_atomically(folder / file, [text.encode()])
