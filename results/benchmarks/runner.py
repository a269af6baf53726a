"""Running benchmark cases: each module of this package that has a ``NAME`` is a case."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import results.benchmarks
from models.errors import InputError, nearest
from pipeline.console import Console
from pipeline.data.atomic import kept_if_possible, write_atomically
from pipeline.training.run import environment
from results.benchmarks.table import CaseTables, Row


class Case(Protocol):
    """What the module of a case offers; ``COLUMNS`` has the headings, with units, of those that tables show."""

    NAME: str
    TITLE: str
    COLUMNS: Mapping[str, str]

    def run(self, quick: bool) -> Sequence[Row]:
        """Measure. A module that also has ``draw(rows)`` gets its figure saved."""
        ...


def cases() -> dict[str, Case]:
    """Return all cases by name."""
    found: dict[str, Case] = {}
    for module in pkgutil.iter_modules(results.benchmarks.__path__):
        loaded: Any = importlib.import_module(f"{results.benchmarks.__name__}.{module.name}")
        if hasattr(loaded, "NAME"):
            found[loaded.NAME] = loaded
    return found


def run_cases(names: Sequence[str], folder: Path, console: Console, quick: bool = False) -> None:
    """Run cases one after the other, all if none is named; print a table of each and write it.

    The files are ``<case>.json`` (case, quick, rows, environment), the table as ``<case>.md``, and ``<case>.png`` of a
    case that draws. A case whose peer is not installed is left out, and the console says so.

    Raises
    ------
    InputError
        If there is no case of a name.
    """
    known = cases()
    for name in names:
        if name not in known:
            raise InputError(f"there is no benchmark {name}; did you mean {nearest(name, known)}?")
    for name in names or known:
        case = known[name]
        console.print(f"measuring {name} ...")
        try:
            rows = case.run(quick)
        except ModuleNotFoundError as error:
            left_out = f"{name} is left out: {error.name} is not installed; pip install {error.name}"
            console.print(left_out)
            continue
        report = {"case": name, "quick": quick, "rows": rows, "environment": environment()}
        tables = CaseTables.of(case.TITLE, rows, case.COLUMNS)
        tables.show(console)
        with kept_if_possible():
            write_atomically(folder / f"{name}.json", [(json.dumps(report, indent=2) + "\n").encode()])
            write_atomically(folder / f"{name}.md", [tables.markdown().encode()])
            if hasattr(case, "draw"):
                from pipeline.pictures.save import save

                save(case.draw(rows), folder / f"{name}.png")
