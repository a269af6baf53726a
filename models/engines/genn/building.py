"""Building generated code, and the compiler's messages."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from models.engines.genn.folders import FOLDER_VARIABLE, CodeFolder
from models.errors import InputError

LEAST_SPACE = 1_000_000
"""Bytes without which nothing can be built."""


def compiler_flags(backend: str) -> dict[str, bool]:
    """Return GeNN's options for a backend: its own flags for a CPU's compiler optimise nothing."""
    return {"optimize_code": True} if backend == "single_threaded_cpu" else {}


def build(model: Any, folder: CodeFolder, backend: str) -> None:
    """Generate and compile a model's code in its folder, or leave it as it is if nothing has changed.

    Raises
    ------
    InputError
        If the code can't be written or does not compile; the compiler's messages are kept in the folder.
    """
    log = folder.path / "build.log"
    try:
        with output_to(log):
            model.build(path_to_model=str(folder.path))
    except (subprocess.CalledProcessError, RuntimeError, OSError) as error:
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        why = _unwritable(error, lines, folder)
        if why is not None:
            raise InputError(
                f"{folder.path}: {why}; the code that GeNN generates can't be written there: make room, or name "
                f"another folder in the environment variable {FOLDER_VARIABLE}"
            ) from None
        problem = next((line for line in lines if "error" in line.lower()), str(error))
        raise InputError(
            f"the code that GeNN generated for backend {backend} does not compile: {problem.strip()} "
            f"(all of it: {log}); `python -m pipeline doctor` checks the installation"
        ) from None


def _unwritable(error: Exception, lines: list[str], folder: CodeFolder) -> str | None:
    """Return why a folder can't be written to, if that is what stopped the compiler."""
    if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):  # which is a missing compiler.
        return error.strerror
    full = os.strerror(errno.ENOSPC)
    no_room = any(full in line for line in lines) or shutil.disk_usage(folder.path).free < LEAST_SPACE
    return full if no_room else None


def unload(model: Any, folder: CodeFolder) -> None:
    """Unload a model, if there is one, and let others use its folder."""
    if model is not None:
        model.unload()
    folder.release()


@contextmanager
def output_to(path: Path) -> Iterator[None]:
    """Send the output of this process and of its children to a file: compilers write to file descriptors."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(1), os.dup(2)]
    with path.open("wb") as log:
        try:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, descriptor in zip((1, 2), kept, strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)
