"""Examine what GeNN needs: its packages, a C++ compiler and make, and for NVIDIA GPUs CUDA's driver and toolkit."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator

from models.engines.entry import Finding
from models.engines.genn import available


def examine() -> Iterator[Finding]:
    """Yield what is installed of GeNN, and of what it needs."""
    yield from _tools()
    reason = available.missing()
    if reason is not None:
        yield Finding("GeNN", "absent", reason, available.WHERE)
        return
    versions = ", ".join(f"{package} {available.version_of(package)}" for package in ("pygenn", "ml_genn"))
    yield Finding("GeNN", "ok", f"{versions}, backends {', '.join(available.backends()) or 'none'}")
    yield _cuda()


def _tools() -> Iterator[Finding]:
    for tool, purpose in (("make", "builds GeNN's code"), ("g++", "compiles it for the CPU")):
        version = _output_line(tool, "--version")
        if version is None:
            detail = f"{purpose}; the CPU engine does not need it"
            yield Finding(tool, "absent", detail, f"install {tool}: apt install build-essential")
        else:
            yield Finding(tool, "ok", version)


def _cuda() -> Finding:
    """Examine the driver, the toolkit and CUDA_PATH."""
    compiler = _output_line("nvcc", "--version", line=-1)
    path = os.environ.get("CUDA_PATH")
    driver = _driver_version()
    if driver is None:
        return Finding("CUDA", "absent", "no driver answers", "on a machine with an NVIDIA GPU install its driver")
    if "cuda" not in available.backends():
        remedy = "set CUDA_PATH to the toolkit's folder and install pygenn again"
        return Finding("CUDA", "fails", f"driver for CUDA {driver}, but this GeNN was built without CUDA", remedy)
    if path is None:
        return Finding(
            "CUDA", "fails", f"driver for CUDA {driver}; CUDA_PATH is not set", "export CUDA_PATH=/usr/local/cuda"
        )
    return Finding(
        "CUDA", "ok", f"driver for CUDA {driver}, toolkit in {path}: {compiler or 'nvcc is not on the path'}"
    )


def _driver_version() -> str | None:
    version = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    if driver.cuDriverGetVersion(ctypes.byref(version)) != 0:
        return None
    return f"{version.value // 1000}.{version.value % 1000 // 10}"


def _output_line(tool: str, *arguments: str, line: int = 0) -> str | None:
    """Return one line of a tool's output, or None where the tool is not installed or prints nothing."""
    if shutil.which(tool) is None:
        return None
    lines = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False).stdout.strip().splitlines()
    return lines[line] if lines else None
