"""What is printed: consoles, tables, progress columns and log lines that show names as they are.

Words, speakers, files and folders may have brackets and colons in their names, and scripts read what is printed. So
nothing is taken for rich's markup or an emoji code, lines are not wrapped, and cells are folded, never cut off. Where
style is wanted, it is said by `rich.text.Text` or by the argument ``style``.
"""

from __future__ import annotations

import codecs
import io
import logging
import sys
from typing import Any

import rich.console
import rich.progress
import rich.table

AS_IT_IS = "as-it-is"
"""How what an encoding lacks is written: bytes of file names as they are, other characters as ``\\u4e00``."""


def _as_it_is(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        return codecs.lookup_error("surrogateescape")(error)
    lacking = error.object[error.start : error.end]
    # Python hands over the bytes of file names that its encoding lacks as these surrogates.
    parts = (
        bytes([ord(one) - 0xDC00]) if "\udc80" <= one <= "\udcff" else one.encode("ascii", "backslashreplace")
        for one in lacking
    )
    return b"".join(parts), error.end


codecs.register_error(AS_IT_IS, _as_it_is)


def print_anything() -> None:
    """Let this process print every name, whatever the encoding of its output."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=AS_IT_IS)


class Console(rich.console.Console):
    """A console that prints text as it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, soft_wrap=True, **options)

    @property
    def spinner(self) -> str:
        """Name of a spinner that the console's encoding has."""
        return "line" if self.options.ascii_only else "dots"


class Table(rich.table.Table):
    """A table that folds what is longer than a column is wide."""

    def add_column(self, *header: Any, **options: Any) -> None:
        """Add a column; see `rich.table.Table.add_column`."""
        super().add_column(*header, **{"overflow": "fold"} | options)


class TextColumn(rich.progress.TextColumn):
    """A progress bar's text."""

    def __init__(self, text: str) -> None:
        super().__init__(text, markup=False)


class LogLines(logging.Handler):
    """Prints each record as a line of a console, above a progress bar that it may show."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record: its level and its message."""
        self._console.print(f"{record.levelname.lower()}: {self.format(record)}")


out = Console()
err = Console(stderr=True)
