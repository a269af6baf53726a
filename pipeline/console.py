"""What is printed: consoles, tables, progress columns and log lines that show names as they are.

Words, speakers, files and folders may have brackets and colons in their names, and scripts read what is printed. So
nothing is taken for rich's markup or an emoji code, lines are not wrapped, and cells are folded, never cut off. Where
style is wanted, it is said by `rich.text.Text` or by the argument ``style``.
"""

from __future__ import annotations

import logging
from typing import Any

import rich.console
import rich.progress
import rich.table


class Console(rich.console.Console):
    """A console that prints text as it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, soft_wrap=True, **options)


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
