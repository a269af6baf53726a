"""The cache of slow conversions: files are verified when they are read, and built again if they are bad."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

from models.errors import InputError
from pipeline.data import hdf5, header
from pipeline.data.container import SpikeData
from pipeline.paths import folder_from

CACHE_VARIABLE = "SPOKEN_SPIKES_CACHE"
"""Environment variable with the folder of the caches; the default is ``data``."""

_log = logging.getLogger(__name__)
_NAME = re.compile(r"\w[\w.-]*")


def cache_folder() -> Path:
    """Return the folder of the caches: that in the environment, or ``data`` in the working directory."""
    return folder_from(CACHE_VARIABLE, "data")


def cached(kind: str, key: str, build: Callable[[], SpikeData]) -> SpikeData:
    """Return the result of ``build``, from ``<cache>/<kind>/<key>.h5`` if that file is intact.

    A file that is truncated, damaged, of another format version or made for another key is not used but built
    again, with a warning in the log. The result is always read from the file, so that the first call and all
    later ones return the same bits. A process killed at any moment leaves a complete file or none. Several
    processes may build the same key, a hash of everything that the content depends on, at once.

    Raises
    ------
    InputError
        If the cache cannot be written. Errors of ``build`` are not caught.
    """
    path = _path(kind, key)
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


def is_cached(kind: str, key: str) -> bool:
    """Return whether the cache has a file of a key, intact or not."""
    return _path(kind, key).exists()


def _path(kind: str, key: str) -> Path:
    if not _NAME.fullmatch(kind) or not _NAME.fullmatch(key):
        raise ValueError(f"not valid as names of a folder and a file: {kind!r}, {key!r}")
    return cache_folder() / kind / f"{key}.h5"


def _read(path: Path, key: str) -> SpikeData:
    """Read a cache file that was made for ``key``."""
    with path.open("rb") as file:
        found = header.read(file)
    if found is None:
        raise InputError(f"{path} is damaged: its header is not what was written.")
    if found.key != key:
        raise InputError(f"{path} is stale: it was made for {found.key!r}, wanted is {key!r}.")
    return hdf5.read(path)
