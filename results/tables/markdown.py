"""Tables in Markdown."""

from __future__ import annotations

import math

import pandas as pd


def markdown(table: pd.DataFrame, digits: str = ".3f") -> str:
    """Return a table in Markdown.

    Parameters
    ----------
    table : DataFrame
    digits : str
        How numbers that are not whole are written; NaN is an empty cell.

    Returns
    -------
    str
    """
    header = [str(column).replace("_", " ") for column in table.columns]
    rows = [[cell(value, digits) for value in row] for row in table.itertuples(index=False)]
    return "".join(f"| {' | '.join(line)} |\n" for line in [header, ["---"] * len(header), *rows])


def cell(value: object, digits: str = ".3f") -> str:
    """Return a value as a table's cell."""
    if isinstance(value, float):
        return "" if math.isnan(value) else format(value, digits)
    return str(value)
