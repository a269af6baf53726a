"""Reading TOML files of any origin."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from models.errors import InputError

DEEPEST = 20
"""Levels of tables and lists that a file may have; configs have four."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the table in a file.

    Raises
    ------
    InputError
        If it can't be read, is no UTF-8 or no TOML, or has a number of thousands of digits or too many levels.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}") from None
    except RecursionError:
        raise too_deep(path) from None
    except ValueError as error:
        known = isinstance(error, tomllib.TOMLDecodeError | UnicodeDecodeError)
        raise InputError(f"{path} is not valid TOML: {error if known else 'it has too long a number'}") from None
    if is_deep(table):
        raise too_deep(path)
    return table


def is_deep(value: Any, levels: int = DEEPEST) -> bool:
    """Return whether a table or list has more levels than files may have."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return bool(inside) and (levels == 0 or any(is_deep(one, levels - 1) for one in inside))


def too_deep(source: object) -> InputError:
    """Return what is said of a source that has more levels."""
    return InputError(f"{source} has tables or lists in one another at more than {DEEPEST} levels")
