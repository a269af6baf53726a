"""The rows of a case as tables: a row a peer or setting, a column a figure, notes below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich import box

from pipeline.console import Console, Table
from results.tables.text import markdown

Row = dict[str, float | str]
"""Figures and names by column; ``note`` holds notes, with semicolons between them."""

WIDTH = 100
"""Columns of text that a table may take, whatever the console's width: none is cut off in a pipe, which has 80."""

NOTES = "notes"
"""Heading of the column with the numbers of a row's notes."""


def on_threads(name: str, heading: str, threads: Sequence[int] = (1, 2)) -> dict[str, str]:
    """Return the columns ``<name>_<threads>`` with their headings."""
    return {f"{name}_{n}": f"{heading}, {n} thread{'s' if n > 1 else ''}" for n in threads}


@dataclass(frozen=True)
class CaseTables:
    """What a case measured, as text.

    Attributes
    ----------
    title : str
    parts : list of DataFrame
        Cells as they are printed. Rows with the same figures share a part; most cases have one part.
    notes : list of str
        Numbered from 1.
    """

    title: str
    parts: list[pd.DataFrame]
    notes: list[str]

    @classmethod
    def of(cls, title: str, rows: Sequence[Row], columns: Mapping[str, str]) -> CaseTables:
        """Arrange rows; ``columns`` has the headings, with units, of the columns that are shown, in their order."""
        notes: list[str] = []
        parts: list[tuple[set[str], list[dict[str, str]]]] = []
        for row in rows:
            cells = {heading: cell(row[name]) for name, heading in columns.items() if name in row}
            own = [note for note in str(row.get("note", "")).split("; ") if note]
            notes += [note for note in own if note not in notes]
            columns_of_row = set(cells)
            part = next((part for part in parts if part[0] <= columns_of_row or columns_of_row <= part[0]), None)
            if part is None:
                parts.append(part := (set(), []))
            part[0].update(cells)
            part[1].append(cells | {NOTES: ", ".join(str(notes.index(note) + 1) for note in own)})
        frames = []
        for known, members in parts:
            shown = [*(heading for heading in columns.values() if heading in known), *([NOTES] if notes else [])]
            frames.append(pd.DataFrame(members, columns=shown).fillna(""))
        return cls(title, frames, notes)

    def show(self, console: Console) -> None:
        """Print the tables with their notes."""
        console.print(f"\n{self.title}", soft_wrap=False)
        for part in self.parts:
            table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
            for heading, cells in part.items():
                number = cells.str.fullmatch(r"[\d.,e+-]*").all()
                width = max(len(word) for text in (heading, *cells) for word in text.split())
                look: dict[str, Any] = {"justify": "right", "width": width} if number else {"min_width": width}
                table.add_column(str(heading), **look)
            for row in part.itertuples(index=False):
                table.add_row(*row)
            console.print(table, width=max(WIDTH, console.width), crop=False)
        for number, note in enumerate(self.notes, start=1):
            console.print(f"{number}  {note}", soft_wrap=False)

    def markdown(self) -> str:
        """Return the tables with their notes in Markdown."""
        notes = "".join(f"{number}. {note}\n" for number, note in enumerate(self.notes, start=1))
        return "\n".join([f"{self.title}\n", *map(markdown, self.parts), notes])


def cell(value: float | str) -> str:
    """Return text as it is, and a number with three significant digits or as a whole number from 1,000 on."""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
