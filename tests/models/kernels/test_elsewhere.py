"""Every process runs the machine code on disk, the first one, too; and the compiling process outlives nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[3]

FIRST = """
import numpy as np
from numba.core import event
from models.batch import _bin
from models.engines.cpu.vectors import dot
from models.kernels import elsewhere

class Seen(event.Listener):
    started = 0
    def on_start(self, what):
        Seen.started += 1
    def on_end(self, what):
        pass

x = np.arange(4, dtype=np.float32)
with event.install_listener("numba:compile", Seen()):
    print(dot(x, x), dict(dot.stats.cache_hits) != {}, dict(dot.stats.cache_misses) != {}, Seen.started)
"""

WAITING = """
import sys
print(elsewhere._compiler._process.pid, flush=True)
sys.stdin.read()
"""


def start(script: str, cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_first_process_loads_what_another_has_compiled_and_is_told_so(tmp_path: Path) -> None:
    with start(FIRST, tmp_path) as first:
        assert first.communicate()[0] == "14.0 True False 1\n"
    with start(FIRST, tmp_path) as second:
        assert second.communicate()[0] == "14.0 True False 0\n"


def test_the_compiling_process_ends_with_the_one_that_asks(tmp_path: Path) -> None:
    with start(FIRST + WAITING, tmp_path) as asking:
        assert asking.stdout is not None
        asking.stdout.readline()
        compiling = psutil.Process(int(asking.stdout.readline()))
        assert compiling.is_running()
        asking.kill()
    psutil.wait_procs([compiling], timeout=20)
    assert not compiling.is_running()


def test_without_another_process_kernels_are_compiled_here(tmp_path: Path) -> None:
    with start(FIRST.replace("class Seen", "elsewhere.sys.executable = '/nowhere'\nclass Seen"), tmp_path) as alone:
        assert alone.communicate()[0] == "14.0 False True 2\n"


@pytest.mark.slow
def test_the_first_process_trains_to_the_same_bits_as_later_ones(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "train", "demo", "--set", "engine=cpu", "--set", "network.hidden=24"]
    command += ["--set", "training.epochs=1", "--set", "data.utterances=2"]
    weights = []
    for number in range(2):
        runs = tmp_path / str(number)
        folders = {"SPOKEN_SPIKES_RUNS": runs, "SPOKEN_SPIKES_CACHE": tmp_path / "data", "NUMBA_CACHE_DIR": tmp_path}
        environment = os.environ | {name: str(folder) for name, folder in folders.items()}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        (checkpoint,) = runs.glob("*/*/last.npz")
        weights.append(checkpoint.read_bytes())
    assert weights[0] == weights[1]
