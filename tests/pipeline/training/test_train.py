"""Training as a whole: it learns, it is reproducible, and it survives being killed."""

from __future__ import annotations

import contextlib
import csv
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from interruptions import RICH, Stop, Stopper

from models.errors import InputError
from models.windows import Exponential
from pipeline.config import Config, load_config
from pipeline.data.container import SpikeData
from pipeline.data.datasets import load
from pipeline.evaluation.trained import load_trained
from pipeline.training.batches import prediction_batches, training_batches
from pipeline.training.examples import split_training
from pipeline.training.placement import choose_engine, make_engine
from pipeline.training.run import Run
from pipeline.training.trainer import train

FINAL_FILES = ("best.npz", "last.npz", "metrics.csv", "result.json", "config.toml")


def parts(config: Config) -> tuple[SpikeData, SpikeData | None]:
    assert config.data.root is not None
    split = split_training(config, load("shd", Path(config.data.root)).train)
    return split.training, split.validation


def final(run: Run) -> dict[str, bytes]:
    return {name: (run.folder / name).read_bytes() for name in FINAL_FILES}


def rows(run: Run) -> list[dict[str, str]]:
    with (run.folder / "metrics.csv").open() as file:
        return list(csv.DictReader(file))


def test_it_learns_words_that_the_first_epoch_does_not_know(words_config: Path) -> None:
    config = load_config(words_config, ["training.epochs=15"])
    training, validation = parts(config)
    table = rows(train(config, training, validation))
    of = {split: [r for r in table if r["split"] == split] for split in ("train", "validation")}
    assert len(of["train"]) == len(of["validation"]) == 15
    assert float(of["train"][-1]["loss"]) < 0.5 * float(of["train"][0]["loss"])
    assert float(of["validation"][-1]["accuracy"]) >= 0.75


@pytest.mark.parametrize("threads", [1, 2])
def test_killed_thrice_it_ends_with_the_same_bytes(words_config: Path, tmp_path: Path, threads: int) -> None:
    config = load_config(words_config, ["training.epochs=40"])
    training, validation = parts(config)
    whole = final(train(config, training, validation, threads=3 - threads, run=Run(tmp_path / "whole")))
    run = Run.of(choose_engine(config))
    rng = random.Random(threads)
    command = [sys.executable, "-m", "pipeline", "train", str(words_config)]
    command += ["--set", "training.epochs=40", "--threads", str(threads)]
    done = 0
    for _ in range(3):
        process = subprocess.Popen(command, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wanted = done + rng.randint(2, 6)
        deadline = time.monotonic() + 60
        while done < wanted:
            assert time.monotonic() < deadline, "no epoch within a minute"
            assert process.poll() is None, "the run ended before it could be killed"
            done = len(rows(run)) // 2 if (run.folder / "metrics.csv").exists() else 0
            time.sleep(rng.uniform(0, 0.005))
        # Anywhere in an epoch: while it learns, validates or writes.
        time.sleep(rng.uniform(0, 0.05))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (run.folder / "result.json").exists()
    train(config, training, validation, threads)
    assert final(run) == whole


def test_with_all_that_can_be_learned_neither_threads_nor_interruptions_change_a_bit(
    words_config: Path, tmp_path: Path
) -> None:
    config = load_config(words_config, [*RICH, "training.epochs=6"])
    training, validation = parts(config)
    whole = train(config, training, validation, threads=1, run=Run(tmp_path / "whole"))
    run = Run(tmp_path / "parts")
    for at, threads in ((0, 2), (1, 1), (4, 2)):
        with pytest.raises(Stop):
            train(config, training, validation, threads, Stopper(at), run)
    train(config, training, validation, threads=2, run=run)
    assert final(run) == final(whole)


def test_what_is_learned_moves_and_what_is_fixed_stays(words_config: Path) -> None:
    config = load_config(words_config, [*RICH, "training.epochs=3"])
    training, validation = parts(config)
    engine = make_engine(choose_engine(config), training.channels, len(training.classes))
    before, network = engine.weights, engine.network
    last = train(config, training, validation).load("last")
    assert last is not None
    after = {name: last.state[f"weights/{name}"] for name in network.shapes}
    network.check(after)
    for name, array in after.items():
        assert np.array_equal(array, before[name]) == (name in network.fixed), name
    assert np.array_equal(after["input_hidden1"] == 0, before["input_hidden1"] == 0)
    assert not any(name.startswith("adam") and name.endswith(tuple(network.fixed)) for name in last.state)


@pytest.mark.parametrize(
    "overrides",
    [
        ["loss.temperature=0.5", "loss.smoothing=0.1"],
        ["loss.kind=max-over-time"],
        ["loss.kind=first-spike", "loss.temperature=5.0", "network.initial.output={mean=0.3,sd=0.3}"],
        ["loss.kind=mean-square"],
    ],
)
def test_every_loss_is_learned(words_config: Path, overrides: list[str]) -> None:
    config = load_config(words_config, ["training.epochs=12", *overrides])
    training, validation = parts(config)
    run = train(config, training, validation)
    losses = [float(r["loss"]) for r in rows(run) if r["split"] == "train"]
    assert losses[-1] < 0.9 * losses[0]
    # The best checkpoint is read back into a network of the same kind, and says the same.
    trained = load_trained(run)
    said = trained.engine.predict(prediction_batches(validation, config))
    best = [r for r in rows(run) if r["split"] == "validation" and int(r["epoch"]) == trained.epoch]
    assert float(said.losses.mean()) == float(best[0]["loss"])


def test_a_finished_run_is_left_as_it_is(words_config: Path) -> None:
    config = load_config(words_config)
    training, validation = parts(config)
    run = train(config, training, validation)
    before = {path: path.stat().st_mtime_ns for path in run.folder.iterdir() if path.suffix == ".npz"}
    train(config, training, validation)
    assert {path: path.stat().st_mtime_ns for path in run.folder.iterdir() if path.suffix == ".npz"} == before


def test_best_is_the_epoch_that_validation_likes_most(words_config: Path) -> None:
    config = load_config(words_config, ["training.epochs=10"])
    training, validation = parts(config)
    run = train(config, training, validation)
    scores = [(float(r["accuracy"]), -float(r["loss"])) for r in rows(run) if r["split"] == "validation"]
    best = run.load("best")
    assert best is not None
    assert best.progress["epochs"] == 1 + scores.index(max(scores))


def test_patience_stops_after_so_many_epochs_without_a_better_one(words_config: Path) -> None:
    config = load_config(words_config, ["training.epochs=60", "training.patience=3"])
    training, validation = parts(config)
    scores = [
        (float(r["accuracy"]), -float(r["loss"]))
        for r in rows(train(config, training, validation))
        if r["split"] == "validation"
    ]
    assert len(scores) < 60
    assert len(scores) == scores.index(max(scores)) + 1 + 3


def test_other_data_under_the_same_config_are_refused(words_config: Path) -> None:
    config = load_config(words_config)
    training, validation = parts(config)
    train(config, training, validation)
    with pytest.raises(InputError, match="other data"):
        train(config, training.select(np.arange(len(training) - 1)), validation)


def test_a_damaged_checkpoint_is_refused_by_name(words_config: Path) -> None:
    config = load_config(words_config)
    training, validation = parts(config)
    run = train(config, training, validation)
    path = run.folder / "last.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(InputError, match=r"last\.npz is damaged"):
        train(config, training, validation)
    rng = np.random.default_rng(0)
    # Most of the archive's directory, whose fields say how to read the rest, is at its end.
    for place in [*rng.integers(0, len(whole), 100), *range(len(whole) - 120, len(whole))]:
        torn = bytearray(whole)
        torn[place] ^= 0xFF
        path.write_bytes(torn)
        with contextlib.suppress(InputError):
            run.load("last")


@pytest.mark.parametrize("when", ["before", "in the last update"])
def test_what_is_no_number_stops_the_run_and_is_not_kept(words_config: Path, monkeypatch, when: str) -> None:
    config = load_config(words_config, ["training.epochs=4"])
    training, validation = parts(config)
    from models.engines.cpu.engine import CpuEngine

    learn, epochs = CpuEngine.train_epoch, []

    def poisoned(self, batches, rate):
        epochs.append(rate)
        if len(epochs) == 3 and when == "before":
            self._weights["hidden_output"][0, 0] = np.nan
        learned = learn(self, batches, rate)
        if len(epochs) == 3:
            self._weights["hidden_output"][0, 0] = np.nan
        return learned

    monkeypatch.setattr(CpuEngine, "train_epoch", poisoned)
    with pytest.raises(InputError, match="of epoch 3 are no longer numbers"):
        train(config, training, validation)
    last = Run.of(choose_engine(config)).load("last")
    assert last is not None
    assert last.progress["epochs"] == 2
    assert all(np.all(np.isfinite(array)) for array in last.state.values())


def test_a_tabulated_window_is_kept_in_the_run_not_by_name(words_config: Path, tmp_path: Path) -> None:
    file = tmp_path / "window.txt"
    file.write_text("\n".join(["0"] * 50 + ["1"] * 50))
    overrides = ["training.epochs=1", "loss.window.shape=tabulated", f"loss.window.file={file}"]
    config = load_config(words_config, overrides)
    training, validation = parts(config)
    run = train(config, training, validation)
    file.write_text("\n".join(["1"] * 100))
    assert Run.of(choose_engine(load_config(words_config, overrides))).folder != run.folder
    file.unlink()
    table = make_engine(run.config(), training.channels, len(training.classes)).window_table
    assert np.array_equal(table, [0] * 50 + [2] * 50)


def test_another_window_shape_forgets_the_fields_of_the_one_before(words_config: Path) -> None:
    config = load_config(words_config, ["loss.window.normalise=false", "loss.window.shape=exponential"])
    window = config.loss.window
    assert window == Exponential(normalise=False)
    widened = load_config(words_config, ["loss.window.shape=gaussian", "loss.window.sigma=0.5"]).loss.window
    assert (widened.mu, widened.sigma) == (0.3, 0.5), "it was a Gaussian before"


def test_every_example_is_learned_once_an_epoch(words_config: Path) -> None:
    config = load_config(words_config, ["training.batch=7"])
    training, _ = parts(config)
    batches = list(training_batches(training, config, 0))
    assert [len(b) for b in batches[:-1]] == [7] * (len(training) // 7)
    assert sum(len(b) for b in batches) == len(training)
    labels = np.concatenate([b.labels for b in batches])
    assert np.array_equal(np.bincount(labels), np.bincount(training.labels))


def test_epochs_differ_and_repeat_from_their_seed(words_config: Path) -> None:
    config = load_config(words_config)
    training, _ = parts(config)

    def bits(seed: int, epoch: int) -> bytes:
        seeded = config.model_copy(update={"seed": seed})
        return b"".join(b.steps.tobytes() + b.units.tobytes() for b in training_batches(training, seeded, epoch))

    assert bits(1, 0) == bits(1, 0)
    assert len({bits(1, 0), bits(1, 1), bits(2, 0)}) == 3


def test_predictions_do_not_depend_on_the_batch(words_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = load_config(words_config)
    training, _ = parts(config)
    engine = make_engine(config, training.channels, len(training.classes))
    together = engine.predict(prediction_batches(training, config))
    monkeypatch.setattr("pipeline.training.batches.PREDICTION_BATCH", 1)
    alone = engine.predict(prediction_batches(training, config))
    assert np.array_equal(together.logits, alone.logits)
