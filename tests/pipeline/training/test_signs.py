"""A training that learns nothing says so."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.losses import CrossEntropy, MeanSquare
from pipeline.config import load_config
from pipeline.data import hdf5
from pipeline.training.signs import EPOCHS, signs


def rows(losses: list[float], silent: float = 0.1) -> list[dict[str, Any]]:
    found = []
    for epoch, loss in enumerate(losses, start=1):
        found.append({"epoch": epoch, "split": "train", "loss": loss, "silent": silent})
        found.append({"epoch": epoch, "split": "validation", "loss": 1.0, "silent": 1.0})
    return found


def test_a_loss_that_stays_at_that_of_guessing_is_remarked_on_once() -> None:
    config, chance = load_config("fsdd"), math.log(10)
    flat = [chance + 0.001 * (-1) ** n for n in range(EPOCHS + 3)]
    found = [signs(config, 10, rows(flat[:n])) for n in range(1, len(flat) + 1)]
    assert [len(f) for f in found] == [0] * (EPOCHS - 1) + [1] + [0] * 3
    assert f"still that of guessing (ln 10 = {chance:.4f})" in found[EPOCHS - 1][0]
    assert not signs(config, 10, rows([*flat[: EPOCHS - 1], 0.97 * chance]))
    assert not signs(config, 20, rows(flat[:EPOCHS]))
    assert not signs(config.changed(loss=MeanSquare()), 10, rows(flat[:EPOCHS]))
    assert signs(config.changed(loss=CrossEntropy()), 10, rows(flat[:EPOCHS]))


def test_silence_of_all_neurons_is_remarked_on_whenever_it_begins() -> None:
    config = load_config("fsdd")
    (sign,) = signs(config, 10, rows([3.0], silent=1.0))
    assert sign.startswith("no hidden neuron fired in epoch 1")
    assert not signs(config, 10, rows([3.0, 3.0], silent=1.0))
    assert signs(config, 10, [*rows([2.0]), {"epoch": 2, "split": "train", "loss": 3.0, "silent": 1.0}])


def test_a_silent_training_says_so_on_the_terminal_and_in_its_log(
    words_config: Path, pipeline: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    quiet = ("network.initial.input.mean=-1", "network.initial.input.sd=0.01", "training.regulariser.lift=0")
    answer = pipeline("train", words_config, *(p for text in quiet for p in ("--set", text)))
    assert answer.code == 0
    wanted = "no hidden neuron fired in epoch 1, so that nothing can be learned"
    assert caplog.text.count(wanted) == 1
    assert wanted in (Path(answer.out.strip()) / "log").read_text()


def late(source: Path, target: Path, by: float) -> None:
    """Write a file's examples with their events later by ``by`` ms."""
    data = hdf5.read(source)
    data.times[:] = data.times + np.float32(by)
    hdf5.write(target, data)


@pytest.mark.parametrize(("by", "code"), [(0.0, 0), (30.0, 0), (80.0, 2)])
def test_words_that_lie_beyond_the_trial_are_counted_warned_of_and_refused(
    words_config: Path,
    words_folder: Path,
    tmp_path: Path,
    pipeline: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    by: float,
    code: int,
) -> None:
    own = tmp_path / "late"
    own.mkdir()
    for part in ("train", "test"):
        late(words_folder / f"shd_{part}.h5", own / f"shd_{part}.h5", by)
    words_config.write_text(words_config.read_text().replace(str(words_folder), str(own)))
    answer = pipeline("train", words_config, "--set", "augmentation.blend=0")
    assert answer.code == code
    if code:
        assert "of the spikes of the training part lie beyond data.trial = 100 ms, so that most" in answer.sentence
        assert "data.trial = 180 would hold 99%" in answer.sentence
        assert not (tmp_path / "runs").exists()
        return
    assert ("of the spikes of the training part lie beyond data.trial" in caplog.text) == (by > 0)
    run = Path(answer.out.strip())
    with (run / "metrics.csv").open() as file:
        table = list(csv.DictReader(file))
    train = [float(row["beyond"]) for row in table if row["split"] == "train"]
    events = np.concatenate([hdf5.read(own / "shd_train.h5").times])
    assert min(train) == max(train)
    assert train[0] == pytest.approx((events >= 98).mean(), abs=0.03)
    assert (train[0] > 0) == (by > 0)
    caplog.clear()
    answer = pipeline("evaluate", run, "--split", "test")
    found = (hdf5.read(own / "shd_test.h5").times >= 98).mean()
    assert f"{found:.1%} of the input spikes beyond the trial's end" in " ".join(answer.out.split())
    assert ("of the spikes of the test part lie beyond data.trial" in caplog.text) == (by > 0)


def test_the_data_command_proposes_a_trial(words_folder: Path, pipeline: Callable[..., Any]) -> None:
    answer = pipeline("data", "shd", "--root", words_folder, "--trial", 50)
    text = " ".join(answer.out.split())
    lost = (hdf5.read(words_folder / "shd_train.h5").times >= 48).mean()
    assert f"beyond the end of a trial of 50 ms (--trial): {lost:.1%} of train" in text
    assert "a trial of 100 ms (data.trial in a config) holds 99% of every part's events" in text
