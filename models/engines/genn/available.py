"""Whether GeNN and mlGeNN are installed, and which backends they can use."""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
from typing import Literal

from models.errors import InputError

Backend = Literal["cuda", "hip", "single_threaded_cpu"]
"""GeNN's names of its backends; each is available if GeNN was built with it."""

WHERE = (
    "GeNN is installed by genn-team.github.io's instructions and mlGeNN by ml-genn.readthedocs.io's; "
    'engine = "cpu" needs neither'
)


def missing() -> str | None:
    """Return which of GeNN and mlGeNN can't be imported and why, or None."""
    for package, wanted in (("pygenn", 5), ("ml_genn", 2)):
        try:
            importlib.import_module(package)
        except ImportError as error:
            return f"{package} can't be imported ({error})"
        version = version_of(package)
        if version.split(".")[0] != str(wanted):
            return f"{package} has version {version}; {wanted}.x is needed"
    return None


def version_of(package: str) -> str:
    """Return an installed package's version."""
    found = getattr(importlib.import_module(package), "__version__", None)
    return str(found) if found else importlib.metadata.version(package)


def require() -> None:
    """Refuse to go on without GeNN and mlGeNN: name what is missing and where to get it."""
    reason = missing()
    if reason is not None:
        raise InputError(f'engine "genn": {reason}; {WHERE}')


def backends() -> tuple[Backend, ...]:
    """Return the backends that GeNN was built with, fastest first; none without GeNN."""
    if missing() is not None:
        return ()
    genn_model = importlib.import_module("pygenn.genn_model")
    return tuple(genn_model.backend_modules)


def choose(wanted: str) -> Backend:
    """Return the backend to use: the one of this name, or for "auto" a GPU's where the GPU answers, else the CPU's.

    Raises
    ------
    InputError
        If GeNN has no such backend, or none at all.
    """
    require()
    found = backends()
    if wanted == "auto":
        usable = [backend for backend in found if answers(backend)]
        if usable:
            return usable[0]
    elif wanted in found:
        return wanted
    raise InputError(f"device is {wanted!r}; this GeNN was built with {', '.join(found) or 'none'}")


def answers(backend: Backend) -> bool:
    """Return whether the device of a backend answers."""
    if backend == "single_threaded_cpu":
        return True
    library, count = {"cuda": ("libcudart.so", "cudaGetDeviceCount"), "hip": ("libamdhip64.so", "hipGetDeviceCount")}[
        backend
    ]
    devices = ctypes.c_int(0)
    try:
        runtime = ctypes.CDLL(library)
    except OSError:
        return _driver_answers() if backend == "cuda" else False
    return getattr(runtime, count)(ctypes.byref(devices)) == 0 and devices.value > 0


def has_gpu() -> bool:
    """Return whether GeNN has a backend for a GPU that answers."""
    return any(answers(backend) for backend in backends() if backend != "single_threaded_cpu")


def _driver_answers() -> bool:
    """Ask CUDA's driver, which is found even where the toolkit's runtime is not on the loader's path."""
    devices = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(devices)) == 0 and devices.value > 0
