"""Data frames to files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.data.atomic import write_atomically


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV, six digits a number, whole or not at all."""
    write_atomically(path, [table.to_csv(index=False, float_format="%.6g").encode()])
