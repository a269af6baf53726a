"""Comparisons on the screen and as files: CSV of all runs, CSV and Markdown of what they come to."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from pipeline.data.atomic import write_atomically
from pipeline.training.run import environment
from results.markdown import cell, markdown


def show(console: Console, title: str, table: pd.DataFrame) -> None:
    """Print what `tables.summary` returns."""
    shown = Table(title=title)
    for column in table.columns:
        shown.add_column(column.replace("_", " "), justify="left" if column == "variant" else "right")
    for row in table.itertuples(index=False):
        shown.add_row(*map(cell, row))
    console.print(shown)


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
