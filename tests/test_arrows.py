"""Which package may import which: results -> sweeps -> pipeline -> models, and engines do not import each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.engines import registry
from pipeline.config import TrainingConfig

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


OWN = tuple({"/".join(path.relative_to(ROOT).parts[:3]) for path in (ROOT / "models").glob("*/*/**/entry.py")})
"""Folders of the registered engines and methods, which name themselves."""
NAMING = {
    "models/engines/registry.py": "the registry",
    "models/neurons/genn.py": "single neurons on the code that GeNN generates",
    "pipeline/config/migration.py": "names that old configs have",
}
"""What else may name one, and why."""


def names_one(path: Path) -> bool:
    """Whether a module imports a registered engine or method, or has its name as a string.

    The method that a config has unless it names another one is a default, not a special case.
    """
    names = {*registry.engines(), *registry.methods()} - {TrainingConfig().method}
    modules = tuple(f"{folder.replace('/', '.')}." for folder in OWN)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith(modules):
            return True
        if isinstance(node, ast.Import) and any(f"{alias.name}.".startswith(modules) for alias in node.names):
            return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and f"{node.value}.".startswith(modules):
            return True
        if isinstance(node, ast.Constant) and node.value in names:
            return True
    return False


def test_only_the_registry_names_engines_and_methods() -> None:
    modules = [path for package in ("models", "pipeline", "sweeps") for path in (ROOT / package).rglob("*.py")]
    outside = [path for path in modules if not str(path.relative_to(ROOT)).startswith(OWN)]
    assert len(outside) < len(modules)
    assert {str(path.relative_to(ROOT)) for path in outside if names_one(path)} == set(NAMING)
