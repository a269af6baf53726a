"""The trainer's own part: rates, patience and going on, with an engine that learns what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interruptions import Stop, Stopper

from models.batch import SpikeBatch
from models.engines.base import Epoch, Predictions
from pipeline.config import Config, load_config
from pipeline.data.container import SpikeData
from pipeline.data.datasets import load
from pipeline.training.examples import split_training
from pipeline.training.run import Run
from pipeline.training.trainer import train

FINAL_FILES = ("best.npz", "last.npz", "metrics.csv", "result.json", "config.toml")


class Parrot:
    """An engine whose weight is the sum of the rates it was given, and whose validation goes as written."""

    name = "parrot"

    def __init__(self, right: list[int], rates: list[list[float]]) -> None:
        self.right = right
        self.rates = rates
        self.epochs = np.array(0)
        self.weight = np.zeros(1)

    def train_epoch(self, batches: Iterable[SpikeBatch], rate: float | Callable[[int], float]) -> Epoch:
        examples = 0
        self.rates.append([])
        for i, batch in enumerate(batches):
            self.rates[-1].append(rate(i) if callable(rate) else rate)
            self.weight += self.rates[-1][-1]
            examples += len(batch)
        self.epochs += 1
        return Epoch(examples, 1.0, 0.5, np.ones(3, dtype=np.int64))

    def predict(self, batches: Iterable[SpikeBatch]) -> Predictions:
        labels = np.concatenate([batch.labels for batch in batches])
        said = np.where(np.arange(len(labels)) < self.right[int(self.epochs) - 1], labels, (labels + 1) % 4)
        return Predictions(np.eye(4)[said], np.ones(len(labels)), np.ones(3, dtype=np.int64))

    def state(self) -> dict[str, np.ndarray]:
        return {"weights/w": self.weight.copy(), "epochs": self.epochs.copy()}

    def load_state(self, state: dict[str, Any]) -> None:
        self.weight[:], self.epochs[...] = state["weights/w"], state["epochs"]


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> Callable[[list[int]], list[list[float]]]:
    """Let trainers have a parrot; the rates that it was given come back."""

    def install(right: list[int]) -> list[list[float]]:
        rates: list[list[float]] = []
        monkeypatch.setattr("pipeline.training.trainer.make_engine", lambda *_: Parrot(right, rates))
        return rates

    return install


def parts(config: Config) -> tuple[SpikeData, SpikeData | None]:
    assert config.data.root is not None
    split = split_training(config, load("shd", Path(config.data.root)).train)
    return split.training, split.validation


RIGHT = [1, 3, 2, 3, 3, 1, 4, 4, 4, 4, 4, 0]


@pytest.mark.parametrize(
    ("epochs", "overrides"),
    [
        (12, ["training.schedule=plateau", "training.plateau_patience=2"]),
        (12, ["training.schedule=cosine", "training.warmup_epochs=1.4"]),
        (5, ["training.patience=3"]),
        (
            6,
            [
                "training.schedule=plateau",
                "training.plateau_patience=1",
                "training.warmup_epochs=2.5",
                "training.patience=4",
            ],
        ),
    ],
)
def test_wherever_it_is_killed_it_ends_with_the_same_bytes(
    words_config: Path, tmp_path: Path, parrot: Callable[..., Any], epochs: int, overrides: list[str]
) -> None:
    config = load_config(words_config, [f"training.epochs={len(RIGHT)}", *overrides])
    training, validation = parts(config)
    rates = parrot(RIGHT)
    whole = train(config, training, validation, run=Run(tmp_path / "whole")).folder
    assert len(rates) == epochs
    for step in (1, 3, epochs):
        run = Run(tmp_path / f"killed every {step}")
        for at in range(0, epochs, step):
            with pytest.raises(Stop):
                train(config, training, validation, progress=Stopper(at, batch=2), run=run)
        train(config, training, validation, run=run)
        # And once more, when it is done.
        train(config, training, validation, run=run)
        for name in FINAL_FILES:
            assert (run.folder / name).read_bytes() == (whole / name).read_bytes(), (step, name)


def test_a_plateau_s_rates_reach_the_engine(words_config: Path, parrot: Callable[..., Any]) -> None:
    config = load_config(words_config, ["training.epochs=12", "training.schedule=plateau"])
    config = config.model_copy(update={"training": config.training.model_copy(update={"plateau_patience": 2})})
    rates = parrot(RIGHT)
    train(config, *parts(config))
    assert [set(epoch) for epoch in rates] == [{0.01 * 0.5**n} for n in [0] * 4 + [1] * 2 + [2] * 3 + [3] * 2 + [4]]


def test_an_ease_in_reaches_the_engine_batch_by_batch(words_config: Path, parrot: Callable[..., Any]) -> None:
    config = load_config(words_config, ["training.epochs=3", "training.warmup_epochs=1.5"])
    rates = parrot([1, 1, 1])
    train(config, *parts(config))
    flat = np.concatenate(rates)
    batches = len(rates[0])
    assert len(flat) == 3 * batches
    length = 1.5 * batches
    expected = 0.01 * 1e-3 ** (1 - np.minimum(np.arange(len(flat)) / length, 1))
    np.testing.assert_allclose(flat, expected, rtol=1e-9)
    assert np.all(flat[np.arange(len(flat)) >= length] == 0.01)


def test_without_validation_the_last_epoch_is_the_best(words_config: Path, parrot: Callable[..., Any]) -> None:
    config = load_config(words_config, ["training.epochs=4", "data.validation=none", "training.patience=1"])
    parrot([])
    best = train(config, *parts(config)).load("best")
    assert best is not None
    assert best.progress["epochs"] == 4
