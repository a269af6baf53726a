"""A writer: takes and finishes points that cost nothing, and keeps a note of every one that the store has accepted."""

from __future__ import annotations

import os
import random
import sys
import time

from sweeps.heartbeat import Heartbeat
from sweeps.sweep import Sweep

sweep = Sweep.at(sys.argv[1])
notes = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
rng = random.Random(os.getpid())
with Heartbeat(sweep.workers) as heart:
    while True:
        point = sweep.take(heart.worker)
        if point is None:
            if sweep.is_over():
                break
            time.sleep(0.02)
            continue
        time.sleep(rng.uniform(0, 0.01))
        if sweep.finish(point, heart.worker, "done", error=point.number / 1000):
            os.write(notes, f"{point.number}\n".encode())
