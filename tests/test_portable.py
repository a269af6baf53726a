"""Every module can be imported where the POSIX-only modules and functions of the standard library are missing.

A child process refuses those modules to our packages, deletes those functions, and imports everything.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "pipeline", "sweeps", "results")
OPTIONAL = ("pygenn", "ml_genn", "torch", "snntorch", "spyx", "jax", "flax", "optax", "mpi4py")
"""Packages that an installation may lack; a module that needs one is skipped with that reason."""

CHILD = """
import builtins, importlib, json, os, signal, sys, traceback
from pathlib import Path

packages, optional, names = json.loads(sys.argv[1])
refused = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "_ctypes"}
genuine = builtins.__import__

def importing(name, globals=None, *others, **more):
    if name in refused and (globals or {}).get("__name__", "").partition(".")[0] in packages:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return genuine(name, globals, *others, **more)

builtins.__import__ = importing
for missing in ("sched_getaffinity", "sched_setaffinity", "geteuid", "getuid", "fork", "killpg", "setsid"):
    delattr(os, missing)
del signal.SIGKILL

def culprit(error):
    "Return our innermost module that was being executed when the error arose."
    modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [name for name in modules if name.partition(".")[0] in packages][-1]

failed, skipped = {}, {}
for name in names:
    try:
        importlib.import_module(name)
    except Exception as error:
        package = (getattr(error, "name", None) or "").partition(".")[0]
        if package in optional:
            skipped[name] = package
        else:
            failed[culprit(error)] = f"{type(error).__name__}: {error}"
json.dump([failed, skipped], sys.stdout)
"""


class Imported(NamedTuple):
    """Modules that could not be imported, with the error, and those skipped, with the package that they lack."""

    failed: dict[str, str]
    skipped: dict[str, str]


def module_names() -> list[str]:
    """Return the names of all modules; a ``__main__`` is left out, because importing it runs a command line."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    parts = (path.relative_to(ROOT).with_suffix("").parts for path in paths)
    return [".".join(name[:-1] if name[-1] == "__init__" else name) for name in parts if name[-1] != "__main__"]


@pytest.fixture(scope="module")
def imported() -> Imported:
    """Import everything in a child process."""
    arguments = json.dumps([PACKAGES, OPTIONAL, module_names()])
    command = [sys.executable, "-c", CHILD, arguments]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    return Imported(*json.loads(child.stdout))


def test_no_module_needs_what_only_posix_has(imported: Imported) -> None:
    assert imported.failed == {}


def test_only_modules_that_need_an_absent_package_are_skipped(imported: Imported) -> None:
    for name, package in imported.skipped.items():
        assert find_spec(package) is None, f"{name} is skipped for {package}, which is installed"
        assert name.startswith(("models.engines.", "models.methods.", "results.benchmarks.")), name
