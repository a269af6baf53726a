"""A writer: takes and finishes points that cost nothing, and keeps a note of every one that the store has accepted."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from sweeps.heartbeat import Heartbeat
from sweeps.sweep import Sweep


def write(folder: Path, notes: Path) -> None:
    """Work on the sweep of a folder until it is over."""
    sweep = Sweep.at(folder)
    file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    rng = random.Random(os.getpid())
    with Heartbeat(sweep.workers) as heart:
        while not sweep.is_over():
            point = sweep.take(heart.worker)
            if point is None:
                time.sleep(0.02)
                continue
            time.sleep(rng.uniform(0, 0.01))
            if sweep.finish(point, heart.worker, "done", error=point.number / 1000):
                os.write(file, f"{point.number}\n".encode())
