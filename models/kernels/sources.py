"""What compiled code is made of: the sources of a kernel's module and of all modules that it imports."""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

import llvmlite
import numba

ROOT = Path(__file__).parents[2]
"""The folder of the project's packages."""

SWITCH = "SPOKEN_SPIKES_SIMD"
"""The environment variable that chooses between kernels when their modules are imported."""

_IMPORT = re.compile(r"^(?:from ([\w.]+) import (\([^)]*\)|[^\n#]*)|import ([\w.]+))", re.MULTILINE)


@lru_cache(maxsize=1024)
def stamp(path: Path) -> bytes:
    """Return a hash of all that the machine code of a module's kernels depends on, apart from the processor.

    It covers the sources of the module and of all modules of the project that it imports, directly or not, since a
    kernel is compiled together with what it calls and with the constants that it reads.
    """
    digest = hashlib.sha256()
    for version in (numba.__version__, llvmlite.__version__, os.environ.get(SWITCH, "")):
        digest.update(version.encode() + b"\0")
    for source in sorted(_closure(path)):
        name = source.relative_to(ROOT) if source.is_relative_to(ROOT) else source.name
        digest.update(str(name).encode() + b"\0" + _content(source) + b"\0")
    return digest.digest()


def _closure(path: Path) -> set[Path]:
    found: set[Path] = set()
    left = [path]
    while left:
        source = left.pop()
        if source not in found:
            found.add(source)
            left += _imported(source)
    return found


@lru_cache(maxsize=1024)
def _imported(path: Path) -> tuple[Path, ...]:
    """Return the files of the project's modules that a file imports."""
    found = []
    for package, names, module in _IMPORT.findall(_content(path).decode("utf-8", "replace")):
        inside = [_file(f"{package}.{name}") for name in re.findall(r"\w+", names)]
        found += inside if inside and all(inside) else [*inside, _file(package or module)]
    return tuple(file for file in found if file is not None)


def _file(module: str) -> Path | None:
    """Return the file of a module of the project; None for any other."""
    place = ROOT.joinpath(*module.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


@lru_cache(maxsize=1024)
def _content(path: Path) -> bytes:
    return path.read_bytes()
