"""The table of the comparison, printed and written to files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from pipeline.console import Console, Table
from pipeline.data.atomic import kept_if_possible, write_atomically
from pipeline.training.run import environment
from results.experiments.gradcheck.check import STEPS, against_plain, errors, summary
from results.paths import TABLES
from results.tables.text import markdown

QUICK = (STEPS[0], STEPS[2])
"""Time steps of a quick comparison in ms."""


def gradcheck(console: Console, samples: int = 20, quick: bool = False, folder: Path = TABLES) -> pd.DataFrame:
    """Compare gradients in a number of random networks of each kind; print, write and return `check.summary`.

    Quick: five networks, two time steps. Beside gradcheck.csv and gradcheck.md, gradcheck.json has the environment.
    """
    console.print("comparing gradients with the event-exact ones ...")
    table = summary(errors(5, QUICK) if quick else errors(samples))
    for network, part in table.groupby("network", sort=False):
        console.print(_rich(str(network), part))
    ratios = against_plain(table)
    note = "Median relative error of hidden gradients as a multiple of that with plain spike times:"
    console.print(note)
    console.print(ratios.to_string(index=False, float_format="{:.3g}".format))
    text = f"{markdown(table, '.3g')}\n{note}\n\n{markdown(ratios, '.3g')}"
    with kept_if_possible():
        write_atomically(folder / "gradcheck.csv", [table.to_csv(index=False, float_format="%.5g").encode()])
        write_atomically(folder / "gradcheck.md", [text.encode()])
        write_atomically(folder / "gradcheck.json", [(json.dumps(environment(), indent=2) + "\n").encode()])
        console.print(f"written: {folder / 'gradcheck.csv'}, {folder / 'gradcheck.md'}")
    return table


def _rich(network: str, part: pd.DataFrame) -> Table:
    """Return relative error, cosine and ratio of norms; one row a scheme, window and weights, one column a step."""
    table = Table(title=f"{network}: medians of relative error, cosine and ratio of norms", expand=False)
    for column in ("scheme", "window", "weights", *(f"dt {dt:g} ms" for dt in part["dt"].unique())):
        table.add_column(column)
    for (scheme, window, weights), rows in part.groupby(["scheme", "window", "weights"], sort=False):
        cells = [f"{row.relative_error:.2g} {row.cosine:.3f} {row.norm_ratio:.2f}" for row in rows.itertuples()]
        table.add_row(str(scheme), str(window), str(weights), *cells)
    return table
