"""Environment variables that Numba fails with: they are dropped before it reads them, with a line each."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Callable

MOST_THREADS = 1024
"""More than this end the process on many systems."""

LAYERS = {"default": (), "workqueue": (), "forksafe": (), "tbb": ("tbb",), "safe": ("tbb",), "omp": ("omp",)} | {
    "threadsafe": ("tbb", "omp")
}
"""Numba's threading layers, each with the libraries of which it needs one."""

_log = logging.getLogger(__name__)


def drop_unusable() -> None:
    """Drop variables whose values Numba fails with, as if they were not set."""
    for name, (is_usable, wanted) in _RULES.items():
        value = os.environ.get(name, "")
        if value and not is_usable(value):
            del os.environ[name]
            _log.warning("%s=%s is ignored: it must be %s", name, value, wanted)
            if numba := sys.modules.get("numba"):
                numba.config.reload_config()


def _is_count(value: str) -> bool:
    return value.strip().isdecimal() and 1 <= int(value) <= MOST_THREADS


def _are_features(value: str) -> bool:
    return all(feature.strip()[:1] in ("+", "-") for feature in value.split(","))


def _is_layer(value: str) -> bool:
    return value in LAYERS and (not LAYERS[value] or any(map(_is_there, LAYERS[value])))


def _is_there(library: str) -> bool:
    try:
        importlib.import_module(f"numba.np.ufunc.{library}pool")
    except ImportError:
        return False
    return True


_RULES: dict[str, tuple[Callable[[str], bool], str]] = {
    "NUMBA_NUM_THREADS": (_is_count, f"a whole number from 1 to {MOST_THREADS}"),
    "NUMBA_CPU_FEATURES": (_are_features, "names of features, each with + or - before it"),
    "NUMBA_THREADING_LAYER": (_is_layer, f"one of {', '.join(LAYERS)} whose library is installed"),
}
"""What values of a variable are usable; the layer is the last, since Numba is imported to see which there are."""
