"""What makes trainings fail, on made-up words."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from pipeline.config import load_config
from pipeline.console import Console
from pipeline.training.examples import load_dataset, split_training
from results.experiments import robustness
from results.experiments.comparison.variants import Variant
from results.experiments.robustness import gradient_spikes
from sweeps.runner import Runner


def test_every_batch_is_looked_at(words_config: Path) -> None:
    config = load_config(words_config, ["network.spike_times=interpolated", "training.least_slope=0"])
    training = split_training(config, load_dataset(config, progress=False).train).training
    rows = gradient_spikes(config, training, epochs=2, threads=1)
    assert rows["batch"].tolist() == list(range(2 * -(-len(training) // config.training.batch)))
    assert (rows["min_slope"] > 0).all()
    assert (rows["norm"] > 0).all()
    assert rows["loss"].iloc[-7:].mean() < rows["loss"].iloc[:7].mean()


def test_the_least_slope_keeps_the_gradient_in_bounds(words_config: Path) -> None:
    norms = []
    for least in (0.0, 0.5):
        config = load_config(words_config, ["network.spike_times=interpolated", f"training.least_slope={least}"])
        training = split_training(config, load_dataset(config, progress=False).train).training
        norms.append(gradient_spikes(config, training, epochs=2, threads=1)["norm"].max())
    assert norms[1] < norms[0]


def test_the_study_leaves_table_and_figure(words_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exponential = Variant("exponential window", str(words_config), ("loss.window.shape=exponential",))
    monkeypatch.setattr(robustness, "SHIPPED", (Variant("Gaussian window", str(words_config)), exponential))
    monkeypatch.setattr(robustness, "FAILING", (Variant("fast", str(words_config), ("training.learning_rate=0.5",)),))
    monkeypatch.setattr(robustness, "EXPONENTIAL", exponential)
    runner = Runner(Console(file=io.StringIO()), workers=2)
    table = robustness.robustness(runner, seeds=2, shared=("training.epochs=2",), folder=tmp_path)
    assert table is not None
    assert table["variant"].tolist() == ["Gaussian window", "exponential window", "fast"]
    assert np.isfinite(table["accuracy"]).all()
    assert (tmp_path / "robustness.png").stat().st_size > 10_000
