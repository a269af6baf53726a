"""Data frames to files and back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.data.atomic import write_atomically


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, six digits a number, whole or not at all."""
    write_atomically(path, [table.to_csv(index=False, float_format="%.6g").encode()])


def read_csv(path: Path, text: tuple[str, ...] = ()) -> pd.DataFrame:
    """Read a table that `write_csv` has written.

    Parameters
    ----------
    path : Path
    text : tuple of str
        Columns that hold text, whatever it looks like.
    """
    # pandas by itself takes words for numbers that are missing: "null" is German for zero, and is in our data.
    return pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=[""])
