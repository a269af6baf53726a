"""Experiments on the made-up words that a process of its own, or a cluster's job, can carry out.

``python sweep_experiments.py CONFIG WORKERS EPOCHS SEEDS`` carries one out.
"""

from __future__ import annotations

import sys
from functools import partial

import pandas as pd

from pipeline.config import load_config
from pipeline.console import Console
from pipeline.endings import ended_by_signals
from sweeps.jobs import TEST, VALIDATION, Job
from sweeps.runner import Runner, Stages, one_stage


def made(config: str, seed: int, held: str = TEST, *overrides: str) -> Job:
    """Return a job named after its seed."""
    return Job(f"run {seed}", load_config(config, [*overrides, f"seed={seed}"]), held)


def jobs(config: str, epochs: int, seeds: int) -> list[Job]:
    """Return jobs of several seeds."""
    return [made(config, seed, TEST, f"training.epochs={epochs}") for seed in range(1, seeds + 1)]


def two_stages(config: str) -> Stages[tuple[int, pd.DataFrame]]:
    """Choose one of two sizes on validation, then train it with two seeds."""
    sizes = (4, 16)
    options = [made(config, 9, VALIDATION, "training.epochs=1", f"network.hidden={size}") for size in sizes]
    rows = yield options
    size = sizes[rows["validation"].argmax()]
    rows = yield [made(config, seed, TEST, "training.epochs=1", f"network.hidden={size}") for seed in (1, 2)]
    return size, rows


if __name__ == "__main__":
    config, workers, epochs, seeds = sys.argv[1:]
    with ended_by_signals():
        Runner(Console(), int(workers)).run("made", partial(one_stage, jobs(config, int(epochs), int(seeds))))
