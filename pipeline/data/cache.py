"""Kept results of slow preparations: verified on the way in, rebuilt when they aren't what they should be."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

from models.errors import InputError
from pipeline.data import hdf5, seal
from pipeline.data.container import SpikeData

CACHE_VARIABLE = "SPOKEN_SPIKES_CACHE"
"""The environment variable that names another folder than ``data`` for the caches."""

_log = logging.getLogger(__name__)
_NAME = re.compile(r"\w[\w.-]*")


def cache_folder() -> Path:
    """Return the folder of the caches: ``data`` in the working directory, or what the environment names."""
    return Path(os.environ.get(CACHE_VARIABLE) or "data")


def cached(kind: str, key: str, build: Callable[[], SpikeData]) -> SpikeData:
    """Return what ``build`` makes, from ``<cache>/<kind>/<key>.h5`` if that is there and intact.

    A file that is cut short, damaged, of another format version or made for another key is never used:
    it is built anew, with a warning in the log. What is returned has always passed through the file, so
    that the first call and every later one give the same bits. A process killed at any moment leaves a
    whole file or none; several processes may build the same key at once.

    Parameters
    ----------
    kind : str
        A name for what is kept, the folder's name.
    key : str
        A name for this very content, the file's name: a hash of everything that the content depends on.
    build : callable
        Makes the content.

    Raises
    ------
    InputError
        If the cache can't be written. Errors of ``build`` pass through.
    """
    if not _NAME.fullmatch(kind) or not _NAME.fullmatch(key):
        raise ValueError(f"no names for a folder and a file: {kind!r}, {key!r}")
    path = cache_folder() / kind / f"{key}.h5"
    if path.exists():
        try:
            return _read(path, key)
        except InputError as error:
            _log.warning("%s It is built anew.", error)
    data = build()
    try:
        hdf5.write(path, data, key=key)
    except OSError as error:
        raise InputError(
            f"The cache {path} can't be written ({error.strerror or error}); make room or name another "
            f"folder in the environment variable {CACHE_VARIABLE}."
        ) from error
    return _read(path, key)


def _read(path: Path, key: str) -> SpikeData:
    """Read a cache file that was made for ``key``."""
    with path.open("rb") as file:
        found = seal.read_seal(file)
    if found is None:
        raise InputError(f"{path} is damaged: its head isn't what was written.")
    if found.key != key:
        raise InputError(f"{path} is stale: it was made for {found.key!r}, wanted is {key!r}.")
    return hdf5.read(path)
