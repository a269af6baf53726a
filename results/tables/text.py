"""Tables as text: Markdown and LaTeX, with every special character escaped."""

from __future__ import annotations

import math

import pandas as pd
from tabulate import LATEX_ESCAPE_RULES, tabulate


def markdown(table: pd.DataFrame, digits: str = ".3f") -> str:
    """Return a table in Markdown; numbers stand to the right, those that are not whole in the format ``digits``."""
    rows = [[text.replace("|", r"\|") for text in row] for row in _texts(table, digits)]
    return _laid_out(table, rows, "pipe") + "\n"


def latex(table: pd.DataFrame, caption: str) -> str:
    """Return a table in LaTeX, a ``table`` with booktabs' rules and a caption; see `markdown`."""
    # LaTeX wants as many cells as there are columns, in an empty table, too.
    rows = _texts(table) or [[""] * len(table.columns)]
    said = caption.translate(str.maketrans(LATEX_ESCAPE_RULES))
    return f"\\begin{{table}}\n\\caption{{{said}}}\n{_laid_out(table, rows, 'latex_booktabs')}\n\\end{{table}}\n"


def headers(table: pd.DataFrame) -> list[str]:
    """Return what readers see in place of columns' names: blanks for underscores, except in names with blanks."""
    return [name if " " in name else name.replace("_", " ") for name in map(str, table.columns)]


def cell(value: object, digits: str = ".3f") -> str:
    """Return a value as a table's cell; what is missing is empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        return "" if math.isnan(value) else format(value, digits)
    return str(value)


def _texts(table: pd.DataFrame, digits: str = ".3f") -> list[list[str]]:
    return [[cell(value, digits) for value in row] for row in table.itertuples(index=False)]


def _laid_out(table: pd.DataFrame, rows: list[list[str]], form: str) -> str:
    # tabulate takes no alignments for a table without rows.
    align = ["right" if kind.kind in "if" else "left" for kind in table.dtypes] if rows else None
    return str(tabulate(rows, headers(table), form, disable_numparse=True, colalign=align))
