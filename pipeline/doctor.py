"""Examine the installation: what is installed, whether the engines run, and what to do where something does not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import metadata

import numpy as np

from models.batch import SpikeBatch
from models.engines import registry
from models.engines.entry import Entry, Finding, Resources
from models.losses import CrossEntropy
from models.network import Hidden, Input, Leaky, Network, Weights
from models.problem import Problem
from models.windows import Uniform


def examine() -> Iterator[Finding]:
    """Examine everything, engine by engine."""
    yield Finding("Python", "ok", f"{sys.version.split()[0]}, {os.cpu_count()} cores")
    names = ("numpy", "numba", "scipy", "h5py", "tonic")
    yield Finding("packages", "ok", ", ".join(f"{name} {metadata.version(name)}" for name in names))
    problem, _, _ = small_problem()
    for entry in registry.ENTRIES:
        if entry.method != problem.method:
            continue
        yield from entry.examine()
        if entry.available() is None:
            yield from (run_small(entry, device) for device in entry.devices or ("auto",) if entry.has(device))


def small_problem() -> tuple[Problem, Weights, SpikeBatch]:
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
    batch = SpikeBatch(steps, units, np.array([0, 3]), np.array([0]))
    return Problem(network, CrossEntropy(Uniform()), dt=1.0, steps=50), weights, batch


SPIKES = {0: [9.0], 1: [13.0, 17.0], 2: [15.0, 20.0]}
"""Spike times of `small_problem` in ms, by neuron, from equations 6 to 8 of the thesis at a step of 1 ms."""


def run_small(entry: Entry, device: str) -> Finding:
    """Compile and run the small network on a device of an engine, and compare its spikes with the right ones."""
    what = f"{entry.title}, {device}" if entry.devices else entry.title
    if not entry.answers(device):
        return Finding(what, "absent", "no device answers", "check the driver with nvidia-smi")
    try:
        found = _spikes(entry, device)
    except Exception as error:  # whatever is wrong with an installation
        fault = str(error).splitlines()[0] if str(error) else type(error).__name__
        return Finding(what, "fails", fault, entry.repair)
    if found != SPIKES:
        return Finding(what, "fails", f"spikes at {found}; right is {SPIKES}", entry.repair)
    return Finding(what, "ok", "a small network compiles, runs and gives the right spikes")


def _spikes(entry: Entry, device: str) -> dict[int, list[float]]:
    """Return the spike times of the small network in ms, by neuron."""
    problem, weights, batch = small_problem()
    engine = entry.make(problem, weights, Resources(threads=1, device=device))
    try:
        spikes = engine.record(batch)[0].spikes["hidden"]
    finally:
        engine.close()
    return {neuron: spikes.times[spikes.neurons == neuron].tolist() for neuron in SPIKES}
