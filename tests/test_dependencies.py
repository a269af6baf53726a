"""What is imported is declared in pyproject.toml, what is declared is imported, and what is declared is pinned."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "pipeline", "sweeps", "results")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
COMMANDS = {"ruff", "mypy", "pytest-xdist"}
"""Developers' tools that are run, or used by those that are, and not imported."""
BY_ANOTHER_NAME = {"numba-cuda"}
"""It takes the place of the module numba.cuda."""
FROM_SOURCE = {"pygenn", "ml-genn"}
"""GeNN and mlGeNN are not on the Python Package Index; models/README.md says how they are installed."""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: Iterable[str]) -> set[str]:
    """Names of distributions, as an index compares them."""
    return {normal(re.split(r"[<>=!~ \[;]", line, maxsplit=1)[0]) for line in requirements}


def imported(*folders: str) -> set[str]:
    """Distributions that the modules below some folders import, at their beginning or within a function."""
    local = {path.stem for path in (ROOT / "tests" / "support").glob("*.py")} | {*PACKAGES, *sys.stdlib_module_names}
    found = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    of = packages_distributions()
    return {normal(of.get(module, [module])[0]) for module in found - local}


def optional(*extras: str) -> set[str]:
    return names(line for extra in extras for line in PROJECT["optional-dependencies"][extra])


def test_the_packages_import_what_is_declared_and_nothing_else() -> None:
    found = imported(*PACKAGES) - FROM_SOURCE
    assert names(PROJECT["dependencies"]) <= found, "declared and not imported"
    assert found <= names(PROJECT["dependencies"]) | optional("mpi", "bench", "torch"), "imported and not declared"
    assert optional("mpi", "bench", "torch", "cuda") - BY_ANOTHER_NAME <= found, "declared and not imported"


def test_the_tests_import_what_is_declared_for_them_and_nothing_else() -> None:
    found = imported("tests") - FROM_SOURCE
    assert optional("dev") - COMMANDS <= found | {"lauscher"}
    assert found <= names(PROJECT["dependencies"]) | optional("dev", "mpi", "bench", "torch")


@pytest.mark.parametrize(
    ("file", "extra"),
    [
        ("requirements.txt", None),
        ("requirements-dev.txt", "dev"),
        ("requirements-torch.txt", "torch"),
        ("requirements-cuda.txt", "cuda"),
    ],
)
def test_all_that_is_declared_is_pinned_at_a_version_that_will_do(file: str, extra: str | None) -> None:
    requirements = pytest.importorskip("packaging.requirements")
    asked = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in {file, "requirements.txt"})
    pins = {normal(name): version for name, version in re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE)}
    for line in asked:
        wanted = requirements.Requirement(line)
        assert wanted.specifier.contains(pins[normal(wanted.name)]), line


@pytest.mark.parametrize("command", PROJECT["scripts"])
def test_a_command_is_a_function(command: str) -> None:
    module, _, function = PROJECT["scripts"][command].partition(":")
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def test_libraries_that_take_long_to_import_wait_until_they_are_needed() -> None:
    check = "import sys, pipeline.cli, sweeps.cli, results.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    slow = {"scipy.stats", "skopt", "sklearn", "matplotlib", "seaborn", "tonic", "submitit", "torch"}
    assert not slow & set(done.stdout.split())
