"""Which package may import which: results -> sweeps -> pipeline -> models, and engines do not import each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ("models", "pipeline", "sweeps", "results")
"""Each package may import itself and those before it."""
ENGINES = sorted(path.parent.name for path in (ROOT / "models" / "engines").glob("*/__init__.py"))


def imports(folder: Path) -> Iterator[tuple[str, str]]:
    """Where each import below a folder stands, anywhere in a module, and the full name of what it imports."""
    for path in folder.rglob("*.py"):
        here = path.relative_to(ROOT)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((f"{here}:{node.lineno}", alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{here}:{node.lineno}: imports are absolute"
                yield from ((f"{here}:{node.lineno}", f"{node.module}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("package", ORDER)
def test_arrows_point_one_way(package: str) -> None:
    later = ORDER[ORDER.index(package) + 1 :]
    assert not [(where, name) for where, name in imports(ROOT / package) if name.partition(".")[0] in later]


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_do_not_import_each_other(engine: str) -> None:
    others = tuple(f"models.engines.{other}." for other in ENGINES if other != engine)
    found = imports(ROOT / "models" / "engines" / engine)
    assert not [(where, name) for where, name in found if f"{name}.".startswith(others)]
