"""Data frames to files and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from models.errors import InputError
from pipeline.data.atomic import write_atomically


def write_csv(path: Path, table: pd.DataFrame) -> None:
    r"""Write a table as CSV, six digits a number, whole or not at all.

    Bytes that are no UTF-8 in the path of a run are written as ``\udcff``.
    """
    write_atomically(path, [table.to_csv(index=False, float_format="%.6g").encode(errors="backslashreplace")])


def read_csv(path: Path, text: Sequence[str] = (), needs: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table that `write_csv` has written.

    Parameters
    ----------
    text, needs : sequence of str
        Columns that hold text, whatever it looks like, and columns that there must be.

    Raises
    ------
    InputError
        If the file is missing, is no table, or lacks a column.
    """
    try:
        # pandas by itself takes words for numbers that are missing: "null" is German for zero, and is in our data.
        table = pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=[""])
    except FileNotFoundError:
        raise InputError(f"{path} is missing") from None
    except ValueError as error:
        raise InputError(f"{path} is not a table: {str(error).splitlines()[0]}") from None
    missing = [name for name in needs if name not in table]
    if missing:
        raise InputError(f"{path} has no column {missing[0]}")
    return table


def read_json(path: Path, field: str) -> Any:
    """Return a field of a JSON file.

    Raises
    ------
    InputError
        If the file is missing or damaged, or lacks the field.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))[field]
    except FileNotFoundError:
        raise InputError(f"{path} is missing") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from None
    except (KeyError, TypeError):
        raise InputError(f"{path} has no {field}") from None


@contextmanager
def refused_as(path: Path, kind: str, command: str) -> Iterator[None]:
    """Refuse a JSON file that can't be read or lacks something within the ``with`` block.

    ``kind`` is what the file is not, "a study's" for example, and ``command`` what writes it anew.
    """
    try:
        yield
    except KeyError as error:
        raise InputError(f"{path} is not {kind}: it lacks {error}; {command} writes it anew") from None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise InputError(f"{path} is not {kind}: {type(error).__name__}, {str(error).splitlines()[0]}") from None


def check_runs(path: Path, rows: pd.DataFrame) -> None:
    """Raise InputError if a line of a file of runs is cut off, or there twice.

    Its columns are variant, seed, held, accuracy, right (if kept), and failed, which says why a run has no accuracy.
    """
    cut = rows["accuracy"].isna() & rows["failed"].isna()
    if "right" in rows:
        cut |= rows["accuracy"].notna() & rows["right"].isna()
    if cut.any():
        raise InputError(f"{path}, line {int(cut.argmax()) + 2}: a run has neither its results nor a reason why not")
    again = rows.duplicated(["variant", "seed", "held"])
    if again.any():
        line = int(again.argmax()) + 2
        raise InputError(f"{path}, line {line}: the run of this variant, seed and part is there twice")
