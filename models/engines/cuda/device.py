"""What the engine needs of a machine: numba-cuda, its compiler, and a GPU that answers."""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Iterator
from importlib import metadata

from models.engines.entry import Finding

INSTALL = ".venv/bin/pip install -r requirements-cuda.txt"
"""What brings numba-cuda, the compiler and CUDA's runtime from the Python Package Index."""

OLDEST = (7, 0)
"""Compute capability: that of Volta, whose threads of a warp go on by themselves."""

_MAJOR, _MINOR = 75, 76
"""Numbers of the driver's attributes that hold the compute capability."""


def missing() -> str | None:
    """Return what is missing, or None; numba-cuda is not imported for this, which takes a second."""
    if importlib.util.find_spec("numba_cuda") is None:
        return "numba-cuda is not installed"
    found = capabilities()
    if not found:
        return "no NVIDIA GPU answers (check the driver with nvidia-smi)"
    if found[0] < OLDEST:
        return f"the GPU has compute capability {_named(found[0])}; {_named(OLDEST)} or newer is needed"
    return None


def capabilities() -> list[tuple[int, int]]:
    """Return the compute capability of each GPU that answers, asking CUDA's driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return []
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return []
    found = []
    for number in range(count.value):
        device, values = ctypes.c_int(0), (ctypes.c_int(0), ctypes.c_int(0))
        driver.cuDeviceGet(ctypes.byref(device), number)
        for value, attribute in zip(values, (_MAJOR, _MINOR), strict=True):
            driver.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
        found.append((values[0].value, values[1].value))
    return found


def examine() -> Iterator[Finding]:
    """Yield what is there of numba-cuda, its compiler and a GPU."""
    if importlib.util.find_spec("numba_cuda") is None:
        yield Finding("numba-cuda", "absent", "not installed; only engine cuda needs it", INSTALL)
        return
    yield Finding("numba-cuda", "ok", metadata.version("numba-cuda"))
    try:
        from numba.cuda.cudadrv.nvvm import NVVM

        version = ".".join(map(str, NVVM().get_version()))
    except Exception as error:  # Numba's own error, whose class depends on its version.
        fault = str(error).splitlines()[0] if str(error) else type(error).__name__
        yield Finding("CUDA compiler (NVVM)", "fails", fault, INSTALL)
    else:
        yield Finding("CUDA compiler (NVVM)", "ok", version)
    found = capabilities()
    if found:
        yield Finding("NVIDIA GPU", "ok", "compute capability " + ", ".join(map(_named, found)))
    else:
        yield Finding("NVIDIA GPU", "absent", "none answers", "check the driver with nvidia-smi")


def _named(capability: tuple[int, int]) -> str:
    return f"{capability[0]}.{capability[1]}"
