"""Variables that Numba fails with are dropped with a line each; others stay."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.environment import LAYERS, drop_unusable

RUN = """
import numpy as np
import models
from models.adam import _square_rows
import numba
numba.set_num_threads(1)
print(numba.get_num_threads())
"""


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("NUMBA_NUM_THREADS", "abc", "a whole number from 1 to 1024"),
        ("NUMBA_NUM_THREADS", "0", "a whole number"),
        ("NUMBA_NUM_THREADS", "-1", "a whole number"),
        ("NUMBA_NUM_THREADS", "100000", "a whole number"),
        ("NUMBA_THREADING_LAYER", "nonsense", "one of default, workqueue"),
        ("NUMBA_CPU_FEATURES", "avx2", "+ or -"),
    ],
)
def test_a_value_that_numba_fails_with_is_ignored_and_said(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, value)
    drop_unusable()
    assert name not in os.environ
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{name}={value} is ignored: it must be ")
    assert words in record.getMessage()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("NUMBA_NUM_THREADS", number) for number in ("1", "999", "")),
        *(("NUMBA_THREADING_LAYER", layer) for layer in LAYERS if not LAYERS[layer]),
        ("NUMBA_CPU_FEATURES", "+avx2,-avx512f"),
    ],
)
def test_a_value_that_numba_takes_stays(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(name, value)
    drop_unusable()
    assert os.environ[name] == value
    assert not caplog.records


def test_numba_sees_none_of_them() -> None:
    bad = {"NUMBA_NUM_THREADS": "-1", "NUMBA_CPU_FEATURES": "avx2", "NUMBA_THREADING_LAYER": "safe"}
    if importlib.util.find_spec("tbb"):
        bad["NUMBA_THREADING_LAYER"] = "nonsense"
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=Path(__file__).parents[2],
        env=os.environ | bad,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr
    assert [line.split("=")[0] for line in done.stderr.splitlines()] == list(bad)


def test_without_the_compiler_kernels_run_as_plain_python(words_config: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "train", str(words_config), "--set", "training.epochs=1"]
    command += ["--set", "engine=cpu", "--set", "network.hidden=4", "--set", "augmentation.blend=0"]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, cwd=Path(__file__).parents[2], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
