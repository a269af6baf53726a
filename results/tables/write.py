"""Tables to files: CSV, Markdown and LaTeX from one data frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console

from pipeline.data.atomic import write_atomically
from results.paths import PUBLISHED, TABLES
from results.tables import tables
from results.tables.markdown import cell, markdown
from results.tables.records import of_comparison, of_runs

FOLDER = TABLES

_ESCAPED = {"_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "±": r"$\pm$"}


def latex(table: pd.DataFrame, caption: str) -> str:
    """Return a table in LaTeX, with booktabs' rules."""
    lines = [r"\begin{table}", rf"\caption{{{_escape(caption)}}}"]
    lines += [rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}", r"\toprule"]
    header = [str(column).replace("_", " ") for column in table.columns]
    lines += [" & ".join(map(_escape, header)) + r" \\", r"\midrule"]
    for row in table.itertuples(index=False):
        lines.append(" & ".join(_escape(cell(value)) for value in row) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def write(name: str, table: pd.DataFrame, caption: str, folder: Path = FOLDER) -> None:
    """Write ``name.csv``, ``name.md`` and ``name.tex``."""
    write_atomically(folder / f"{name}.csv", [table.to_csv(index=False).encode()])
    write_atomically(folder / f"{name}.md", [f"{caption}\n\n{markdown(table)}".encode()])
    write_atomically(folder / f"{name}.tex", [latex(table, caption).encode()])


def tabulate(console: Console, folder: Path = FOLDER, published: Path = PUBLISHED) -> dict[str, pd.DataFrame]:
    """Write all tables.

    Parameters
    ----------
    console : Console
    folder : Path
        Where they go.
    published : Path
        Committed results: comparisons, benchmarks, sweeps, other people's numbers.

    Returns
    -------
    dict of str to DataFrame
    """
    comparisons: Sequence[Path] = sorted(published.glob("**/*-runs.csv"))
    made: dict[str, tuple[Callable[[], pd.DataFrame], str]] = {
        "parameters": (tables.parameters, "The shipped configs."),
        "accuracy-runs": (
            lambda: tables.accuracy(of_runs()),
            "Accuracy of this checkout's runs that were scored on test parts or left-out speakers; means over seeds.",
        ),
        "accuracy-published": (
            lambda: tables.accuracy(record for path in comparisons for record in of_comparison(path)),
            "Accuracy in the committed comparisons; means over seeds, 95 % intervals by Student's t.",
        ),
        "speed": (lambda: tables.speed(published / "bench"), "Training time and memory (make bench)."),
        "sweeps": (lambda: tables.sweeps(published / "sweeps"), "What sweeps found on validation."),
        "literature": (
            lambda: pd.read_csv(published / "literature.csv"),
            "Other people's test accuracies in per cent, as they published them; none was measured here.",
        ),
    }
    found = {}
    for name, (make, caption) in made.items():
        found[name] = make()
        write(name, found[name], caption, folder)
        console.print(f"{folder / name}.csv, .md, .tex: {len(found[name])} rows", highlight=False, soft_wrap=True)
    return found


def _escape(text: str) -> str:
    return "".join(_ESCAPED.get(letter, letter) for letter in text)
