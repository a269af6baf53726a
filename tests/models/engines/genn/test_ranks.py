"""Several processes that share every batch learn the same as one process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from genn import needs_genn

from models.batch import SpikeBatch
from models.engines.genn.ranks import RANKS_VARIABLE, Ranks

SUPPORT = Path(__file__).parents[3] / "support"
MPIRUN = shutil.which("mpirun", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")


class Pair:
    """mlGeNN's communicator as one of two processes sees it."""

    num_ranks = 2

    def __init__(self, rank: int) -> None:
        self.rank = rank


def test_every_example_of_a_batch_is_somebodys() -> None:
    batch = SpikeBatch(np.arange(10), np.arange(10), np.array([0, 2, 2, 5, 9, 10]), np.arange(5))
    parts = [Ranks(Pair(rank)).own(batch) for rank in (0, 1)]
    assert [part.labels.tolist() for part in parts] == [[0, 2, 4], [1, 3]]
    assert [part.steps.tolist() for part in parts] == [[0, 1, 2, 3, 4, 9], [5, 6, 7, 8]]
    assert [part.offsets.tolist() for part in parts] == [[0, 2, 5, 6], [0, 0, 4]]


class TestWithGenn:
    pytestmark = [  # noqa: RUF012
        *needs_genn,
        pytest.mark.skipif(MPIRUN is None, reason="mpi4py or mpirun is not installed"),
    ]

    def test_two_processes_learn_what_one_does(self, tmp_path: Path) -> None:
        pytest.importorskip("mpi4py")
        from genn_ranks import learned

        assert MPIRUN is not None
        root = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
        paths = os.pathsep.join([str(SUPPORT), str(SUPPORT.parents[1])])
        subprocess.run(
            [MPIRUN, "-n", "2", sys.executable, str(SUPPORT / "genn_ranks.py"), str(tmp_path / "two.npz")],
            env=os.environ | root | {RANKS_VARIABLE: "2", "PYTHONPATH": paths},
            check=True,
            timeout=300,
        )
        one = learned(Ranks())
        with np.load(tmp_path / "two.npz") as two:
            assert set(two.files) == set(one)
            for name, array in one.items():
                np.testing.assert_allclose(two[name], array, rtol=1e-3, atol=2e-5 * np.abs(array).max(), err_msg=name)

    def test_a_run_of_two_processes_is_one_run(self, words_config: Path, pipeline: Callable[..., Any]) -> None:
        pytest.importorskip("mpi4py")
        command = [sys.executable, "-m", "pipeline", "train", str(words_config), "--set", "engine=genn", "--nproc", "2"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
        folder = Path(said.stdout.strip().splitlines()[-1])
        tables = ["metrics.csv", "recordings.npz", "result.json", "timing.csv"]
        wanted = ["best.npz", "config.toml", "env.json", "last.npz", "log", *tables]
        assert sorted(file.name for file in folder.iterdir()) == wanted
        assert (folder / "log").read_text().count("engine genn") == 1
        assert len((folder / "metrics.csv").read_text().splitlines()) == 1 + 2 * 6
        assert pipeline("evaluate", folder, "--split", "test").code == 0


def test_the_cpu_engine_refuses_several_processes(words_config: Path, pipeline: Callable[..., Any]) -> None:
    assert 'engine "genn"' in pipeline("train", words_config, "--set", "engine=cpu", "--nproc", "2").sentence
