"""The page's parts: tables and pictures as the template shows them, and the template filled in."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from results.tables.text import cell, headers


@dataclass(frozen=True)
class Table:
    """A table as the page shows it: of each cell its text, and whether it is a number."""

    caption: str
    headers: Sequence[str]
    rows: Sequence[Sequence[tuple[str, bool]]]

    @classmethod
    def of(cls, frame: pd.DataFrame, caption: str) -> Table:
        """Return the table of a data frame."""
        rows = [[(cell(value), _is_number(value)) for value in row] for row in frame.itertuples(index=False)]
        return cls(caption, headers(frame), rows)


@dataclass(frozen=True)
class Picture:
    """A PNG that is part of the page, in base 64; its caption is also the alternative text."""

    says: str
    data: str

    @classmethod
    def of(cls, path: Path, says: str) -> Picture:
        """Return the picture of a PNG file."""
        return cls(says, base64.b64encode(path.read_bytes()).decode())


def render(**parts: Any) -> str:
    """Return the page: ``template.html`` with its parts, every text escaped; a missing part is an UndefinedError."""
    blocks: dict[str, Any] = {"trim_blocks": True, "lstrip_blocks": True}
    loader = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, **blocks)
    environment.filters["unbroken"] = _unbroken
    return environment.get_template("template.html").render(**parts)


def _unbroken(text: str) -> str:
    """Return a sentence in which no line breaks before a sign of comparison or a unit."""
    return re.sub(r" ([<=%]) | (%|ms\b)", lambda found: found.group().replace(" ", "\u00a0"), text)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not math.isnan(value)
