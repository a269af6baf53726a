"""Writing all tables: CSV, Markdown and LaTeX from one data frame each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.console import Console
from pipeline.data.atomic import write_atomically
from results.paths import PUBLISHED, TABLES
from results.tables import tables
from results.tables.records import of_comparison, of_runs
from results.tables.text import latex, markdown


@dataclass(frozen=True)
class Captioned:
    """A table, what it shows, and what readers see in place of its columns' names."""

    table: pd.DataFrame
    caption: str
    headers: Mapping[str, str]

    @property
    def shown(self) -> pd.DataFrame:
        """The table as readers see it."""
        return self.table.rename(columns=self.headers)


def published_tables(published: Path = PUBLISHED) -> dict[str, Captioned]:
    """Return the tables of published results by name: accuracies, speed, sweeps, other groups' results."""
    runs = sorted(published.glob("**/*-runs.csv"))
    made = {
        "accuracy-published": (
            tables.accuracy(record for path in runs for record in of_comparison(path)),
            "Accuracy (fraction of examples) in the published experiments: means over seeds, 95 % intervals by "
            "Student's t. A fold is a held-out speaker.",
        ),
        "speed": (
            tables.speed(published / "bench"),
            "Time and memory of training, measured by make bench. Cases A, B and C are described in models/README.md.",
        ),
        "sweeps": (
            tables.sweeps(published / "sweeps"),
            "Hyperparameter sweeps: errors are 1 - validation accuracy; a sweep trial is one setting that was trained.",
        ),
        "literature": (
            pd.read_csv(published / "literature.csv"),
            "Test accuracies of other groups, as they published them; none was measured here.",
        ),
    }
    headers = {"literature": tables.LITERATURE_HEADERS}
    return {name: Captioned(*parts, headers.get(name, tables.HEADERS)) for name, parts in made.items()}


def shipped() -> Captioned:
    """Return the table of the shipped configs."""
    caption = "Networks of the shipped configs, and how they are trained."
    return Captioned(tables.parameters(), caption, tables.HEADERS)


def tabulate(console: Console, folder: Path = TABLES, published: Path = PUBLISHED) -> dict[str, pd.DataFrame]:
    """Write all tables as ``<name>.csv``, ``.md`` and ``.tex``, and name them on the console; return them by name."""
    caption = (
        "Accuracy (fraction of examples) of this checkout's runs that were scored on a test part or on held-out "
        "speakers: means over seeds, 95 % intervals by Student's t."
    )
    runs = Captioned(tables.accuracy(of_runs()), caption, tables.HEADERS)
    made = {"parameters": shipped(), "accuracy-runs": runs, **published_tables(published)}
    for name, one in made.items():
        write_atomically(folder / f"{name}.csv", [one.table.to_csv(index=False).encode()])
        write_atomically(folder / f"{name}.md", [f"{one.caption}\n\n{markdown(one.shown)}".encode()])
        write_atomically(folder / f"{name}.tex", [latex(one.shown, one.caption).encode()])
        console.print(f"{folder / name}.csv, .md, .tex: {len(one.table)} rows")
    return {name: one.table for name, one in made.items()}
