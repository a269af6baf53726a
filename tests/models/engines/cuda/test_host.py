"""The CUDA engine's host code on a device that computes nothing: the commands, copies and launches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cuda_stub import needs_compiler, stub_device
from event_nets import Plan, draw

from models.engines.cuda import device
from models.losses import CrossEntropy
from models.windows import Uniform

pytestmark = needs_compiler


def test_a_run_trains_goes_on_and_is_scored_by_the_commands(
    words_config: Path, tmp_path: Path, pipeline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All voltages are 0 here, so the loss is the logarithm of the number of words."""
    monkeypatch.setattr(device, "missing", lambda: None)
    with stub_device() as launches:
        answer = pipeline("train", str(words_config), "--set", "training.epochs=2")
        assert answer.code == 0, answer
        assert "cuda" in answer.out + answer.err
        assert "backward" in {name for name, _ in launches.order}
        [run] = {path.parent for path in (tmp_path / "runs").rglob("config.toml")}
        assert 'engine = "cuda"' in (run / "config.toml").read_text()
        metrics = (run / "metrics.csv").read_text()
        assert pipeline("train", str(words_config), "--set", "training.epochs=2").code == 0
        assert (run / "metrics.csv").read_text() == metrics
        assert pipeline("evaluate", str(run), "--split", "test").code == 0
    assert json.loads((run / "result.json").read_text())
    assert f"{np.log(4):.3f}"[:4] in metrics


def test_an_epoch_keeps_its_memory() -> None:
    """What is allocated on the device grows to what the largest batch needs, and not with the number of batches."""
    from numba import cuda

    from models.engines.cuda.engine import CudaEngine

    drawn = draw(Plan(((8, True),), constants=("hidden",), bias=True), 1, trials=4)
    made = 0
    with stub_device(), pytest.MonkeyPatch.context() as patch:
        engine = CudaEngine(drawn.problem(CrossEntropy(Uniform())), drawn.weights)
        allocate = cuda.device_array

        def counted(*args: Any) -> Any:
            nonlocal made
            made += 1
            return allocate(*args)

        patch.setattr(cuda, "device_array", counted)
        counts = []
        for _ in range(4):
            engine.train_epoch([drawn.batch()], 1e-3)
            counts.append(made)
    assert counts[0] > 10
    # Two sets of input arrays take turns.
    assert counts[3] == counts[1]
