"""Examine the installation: what is installed, whether the engines run, and what to do where something does not."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from typing import Literal

import numpy as np

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from models.engines.genn import available
from models.engines.genn.available import Backend
from models.losses import CrossEntropy
from models.network import Hidden, Input, Leaky, Network, Weights
from models.problem import Problem
from models.recording import Spikes
from models.windows import Uniform

Status = Literal["ok", "absent", "fails"]
"""Works; is not installed, and need not be; or is installed and does not work."""

STEPS = 50


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes
    ----------
    what : str
    status : {"ok", "absent", "fails"}
    detail : str
        Versions, or the fault.
    remedy : str
        What to do where it does not work.
    """

    what: str
    status: Status
    detail: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Examine everything, the fastest checks first.

    Yields
    ------
    Finding
    """
    yield Finding("Python", "ok", f"{sys.version.split()[0]}, {os.cpu_count()} cores")
    names = ("numpy", "numba", "scipy", "h5py", "tonic")
    yield Finding("packages", "ok", ", ".join(f"{name} {metadata.version(name)}" for name in names))
    yield _engine("CPU engine", _on_cpu, "reinstall the pinned packages: rm -rf .venv && make setup")
    yield from _tools()
    reason = available.missing()
    if reason is not None:
        yield Finding("GeNN", "absent", reason, available.WHERE)
        return
    versions = ", ".join(f"{package} {available.version_of(package)}" for package in ("pygenn", "ml_genn"))
    yield Finding("GeNN", "ok", f"{versions}, backends {', '.join(available.backends()) or 'none'}")
    yield _cuda()
    for backend in available.backends():
        if available.answers(backend):
            remedy = (
                "see the compiler's words above; the backend needs a C++ compiler and make, a GPU's its toolkit, too"
            )
            yield _engine(f"GeNN engine, {backend}", partial(_on_genn, backend), remedy)
        else:
            yield Finding(f"GeNN engine, {backend}", "absent", "no device answers", "check the driver with nvidia-smi")


def small_network() -> tuple[Network, Weights, SpikeBatch]:
    """Return a network whose `SPIKES` are known, and one example.

    Of the three hidden neurons, one event drives the first, two events the second, and the spikes of both the third.
    """
    network = Network(Input(2), (Hidden(3),), Leaky(2))
    weights = {
        "input_hidden": np.array([[9, 0, 0], [0, 7, 0]], np.float32),
        "hidden_hidden": np.array([[0, 0, 5], [0, 0, 5], [0, 0, 0]], np.float32),
        "hidden_output": np.array([[1, 0], [0, 1], [1, 1]], np.float32),
    }
    steps, units = np.array([5, 8, 12], np.int32), np.array([0, 1, 1], np.int32)
    return network, weights, SpikeBatch(steps, units, np.array([0, 3]), np.array([0]))


SPIKES = {0: [9.0], 1: [13.0, 17.0], 2: [15.0, 20.0]}
"""Spike times of `small_network` in ms, by neuron, from equations 6 to 8 of the thesis at a step of 1 ms."""


def _on_cpu() -> dict[int, list[float]]:
    network, weights, batch = small_network()
    engine = CpuEngine(Problem(network, CrossEntropy(Uniform()), 1.0, STEPS), weights, threads=1)
    return _trains(engine.record(batch)[0].spikes["hidden"])


def _on_genn(backend: Backend) -> dict[int, list[float]]:
    from models.engines.genn.engine import GennEngine

    network, weights, batch = small_network()
    engine = GennEngine(network, weights, CrossEntropy(Uniform()), 1.0, STEPS, backend=backend)
    try:
        return _trains(engine.record(batch)[0].spikes["hidden"])
    finally:
        engine.close()


def _trains(spikes: Spikes) -> dict[int, list[float]]:
    return {neuron: spikes.times[spikes.neurons == neuron].tolist() for neuron in SPIKES}


def _engine(what: str, run: Callable[[], dict[int, list[float]]], remedy: str) -> Finding:
    """Compile and run the small network, and compare its spikes with the right ones."""
    try:
        found = run()
    except Exception as error:  # whatever is wrong with an installation
        return Finding(what, "fails", str(error).splitlines()[0] if str(error) else type(error).__name__, remedy)
    if found != SPIKES:
        return Finding(what, "fails", f"spikes at {found}; right is {SPIKES}", remedy)
    return Finding(what, "ok", "a small network compiles, runs and gives the right spikes")


def _tools() -> Iterator[Finding]:
    for tool, what in (("make", "builds GeNN's code"), ("g++", "compiles it for the CPU")):
        version = _first_line(tool, "--version")
        if version is None:
            yield Finding(
                tool, "absent", f"{what}; the CPU engine needs none", f"install {tool}: apt install build-essential"
            )
        else:
            yield Finding(tool, "ok", version)


def _cuda() -> Finding:
    """Examine the driver, the toolkit and CUDA_PATH."""
    compiler = _first_line("nvcc", "--version", line=-1)
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


def _first_line(tool: str, *arguments: str, line: int = 0) -> str | None:
    if shutil.which(tool) is None:
        return None
    said = subprocess.run([tool, *arguments], capture_output=True, text=True, check=False).stdout.strip().splitlines()
    return said[line] if said else None
