"""Running benchmark cases: each module beside this one is a case."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.table import Table

import results.benchmarks
from models.errors import InputError, nearest
from pipeline.data.atomic import write_atomically
from pipeline.pictures.save import save
from pipeline.training.run import environment

Row = Mapping[str, Any]


class Case(Protocol):
    """What a case's module offers."""

    NAME: str

    def run(self, quick: bool) -> Sequence[Row]:
        """Measure; return rows of numbers and names by column.

        A module that also has ``draw(rows)`` gets its figure saved.
        """
        ...


def cases() -> dict[str, Case]:
    """Return every case by its name: the modules of this package that have a ``NAME``."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(results.benchmarks.__path__):
        loaded: Any = importlib.import_module(f"{results.benchmarks.__name__}.{module.name}")
        if hasattr(loaded, "NAME"):
            found[loaded.NAME] = loaded
    return found


def run_cases(names: Sequence[str], folder: Path, console: Console, quick: bool = False) -> None:
    """Run cases one after the other, write one JSON each, print one table of all.

    A case whose peer is not installed is left out, with a sentence that says so.

    Parameters
    ----------
    names : sequence of str
        Which; all if empty.
    folder : Path
        Where ``<case>.json`` go: case, quick, rows, environment; and ``<case>.png`` of a case that draws.
    console : Console
        Where the table goes.
    quick : bool
        Fewer repetitions.

    Raises
    ------
    InputError
        If there is no case of a name.
    """
    known = cases()
    for name in names:
        if name not in known:
            raise InputError(f"there is no benchmark {name}; did you mean {nearest(name, known)}?")
    measured: dict[str, Sequence[Row]] = {}
    for name in names or known:
        console.print(f"measuring {name} ...", highlight=False)
        try:
            rows = known[name].run(quick)
        except ModuleNotFoundError as error:
            console.print(
                f"{name} is left out: {error.name} is not installed; pip install {error.name}", highlight=False
            )
            continue
        measured[name] = rows
        report = {"case": name, "quick": quick, "rows": [dict(row) for row in rows], "environment": environment()}
        write_atomically(folder / f"{name}.json", [(json.dumps(report, indent=2) + "\n").encode()])
        draw = getattr(known[name], "draw", None)
        if draw is not None:
            save(draw(rows), folder / f"{name}.png")
    console.print(tabulated(measured))


def tabulated(measured: Mapping[str, Sequence[Row]]) -> Table:
    """Return all rows of all cases in one table; a row's first column names what was measured."""
    table = Table("case", "measured", "figures")
    for name, rows in measured.items():
        for row in rows:
            (_, subject), *figures = row.items()
            table.add_row(name, str(subject), ", ".join(_figure(*figure) for figure in figures if figure[1] != ""))
        table.add_section()
    return table


def _figure(column: str, value: object) -> str:
    """Say a number with its column's name, and words as they are."""
    if isinstance(value, str) and not value.isdigit():
        return value
    if isinstance(value, float):
        value = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value} {column.replace('_', ' ')}"
