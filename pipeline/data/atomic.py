"""Atomic writing: a file is either complete or absent."""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

_log = logging.getLogger(__name__)

_ABANDONED_S = 3600.0
"""Age in s at which a temporary file counts as left behind by a process that died."""


class UnwritableError(OSError):
    """A file cannot be written; ``filename`` is its path, or that of the folder that cannot be made."""


def write_atomically(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write ``parts`` in sequence to ``path``: to a temporary file in the same folder, then fsync and rename.

    A reader sees the old file or the complete new one, whatever happens to the writer. Several processes may
    write the same path at once; the last one to finish wins.

    Raises
    ------
    UnwritableError
        If the file cannot be written, for example because the disk is full. An earlier file stays as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnwritableError(error.errno, error.strerror, str(error.filename)) from error
    try:
        _write_and_rename(path, parts)
    except OSError as error:  # which may name the temporary file
        raise UnwritableError(error.errno, error.strerror or str(error), str(path)) from error
    _sync_folder(path.parent)


@contextlib.contextmanager
def kept_if_possible() -> Iterator[None]:
    """Warn of a result that can't be written in the ``with`` statement; what matters in it has been printed before."""
    try:
        yield
    except UnwritableError as error:
        _log.warning("%s can't be written (%s); the result is only printed", error.filename, error.strerror)


def _write_and_rename(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    _remove_abandoned(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        # mkstemp makes files that only their owner can read; ours get the usual permissions.
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        with os.fdopen(handle, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def _sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power failure, where the system can sync folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _remove_abandoned(path: Path) -> None:
    """Remove old temporary files of writers of ``path`` that were killed."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                left.unlink()
