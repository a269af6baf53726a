"""How long training takes and how much memory, beside a surrogate-gradient network in plain PyTorch."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, cast

from models.batch import SpikeBatch
from models.engines.cpu.engine import CpuEngine
from results.benchmarks.child import in_child, measured
from results.benchmarks.shd_shaped import DT, LOSS, Shape

if TYPE_CHECKING:
    from results.benchmarks.peers.surrogate import Reading

NAME = "training"
LEARNING_RATE = 1e-4
"""Low, so that spike counts stay what they were drawn for."""


TRAINERS = {
    "ours": "Eventprop, CPU engine",
    "step by step": "surrogate gradient, PyTorch, step by step",
    "indexed": "surrogate gradient, PyTorch, input product indexed by step, as in SpyTorch's tutorials",
    "unbound": "surrogate gradient, PyTorch, input product unbound by step",
}


def run(
    quick: bool = False, threads: int = 2, shape: Shape | None = None, batches: int = 8
) -> list[dict[str, float | str]]:
    """Train all on the same spikes from the same weights, each in a process of its own.

    Parameters
    ----------
    quick : bool
        Time PyTorch on one batch instead of three.
    threads : int
        Threads of each.
    shape : Shape, optional
        Sizes; those of SHD with 256 hidden neurons unless given.
    batches : int
        Batches that ours is timed on.

    Returns
    -------
    list of dict
        By row: trainer, threads, milliseconds an example (median over batches), megabytes added at the peak, hidden
        spikes a neuron and example, how many times faster ours is, and a note.

    Raises
    ------
    ModuleNotFoundError
        If torch is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")
    sizes = shape or Shape()
    timed = {kind: batches if kind == "ours" else 1 if quick else 3 for kind in TRAINERS}
    rows = {
        kind: in_child("results.benchmarks.torch_peer", kind=kind, threads=threads, batches=count, shape=asdict(sizes))
        for kind, count in timed.items()
    }
    return [
        {
            "trainer": TRAINERS[kind],
            "threads": str(threads),
            "ms_an_example": row["seconds"] / sizes.batch * 1000,
            "megabytes": row["megabytes"],
            "hidden_spikes": row["hidden_spikes"],
            "ours_times_faster": row["seconds"] / rows["ours"]["seconds"],
            "note": f"{sizes.channels}-{sizes.hidden}-{sizes.classes} recurrent, {sizes.steps} steps, "
            f"batch {sizes.batch}, {sizes.events} input spikes; median of {timed[kind]} batches",
        }
        for kind, row in rows.items()
    ]


def measure(kind: str, threads: int, batches: int, shape: Shape) -> dict[str, float]:
    """Train on some batches.

    Parameters
    ----------
    kind : str
        One of `TRAINERS`.
    threads, batches, shape
        As in `run`.

    Returns
    -------
    dict
        seconds a batch, megabytes, hidden spikes a neuron and example.
    """
    trainer = _ours if kind == "ours" else partial(_torch, reading=cast("Reading", kind))
    # A small network compiles and loads everything, and leaves the memory that is measured untouched.
    small = replace(shape, channels=10, hidden=8, steps=20, batch=2, events=20)
    trainer(small, threads)(small.batches(1)[0])
    row = measured(trainer(shape, threads), shape.batches(batches))
    spikes = row.pop("mean") / (shape.batch * shape.hidden)
    return row | {"hidden_spikes": spikes}


def _ours(shape: Shape, threads: int) -> Callable[[SpikeBatch], float]:
    engine = CpuEngine(shape.network, shape.weights(), LOSS, DT, shape.steps, threads=threads)
    return lambda batch: float(engine.train_epoch([batch], LEARNING_RATE).hidden_counts.sum())


def _torch(shape: Shape, threads: int, reading: Reading) -> Callable[[SpikeBatch], float]:
    import torch

    from results.benchmarks.peers.surrogate import SurrogateNetwork

    torch.set_num_threads(threads)
    network = SurrogateNetwork(shape.network, shape.weights(), LOSS, DT, shape.steps, LEARNING_RATE, reading)
    return network.train


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(measure(**asked | {"shape": Shape(**asked["shape"])})))
