"""The demo: from nothing to a network that knows twenty spoken words, with pictures of how."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shlex
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile
from rich.text import Text

from pipeline.config import Config
from pipeline.console import Console, Table
from pipeline.data.atomic import write_atomically
from pipeline.data.cache import cache_folder
from pipeline.data.container import SpikeData
from pipeline.data.datasets import Dataset, digits
from pipeline.data.voices import VOICES
from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.evaluation.trained import Trained, load_trained
from pipeline.pictures.confusion import confusion
from pipeline.pictures.example import raster
from pipeline.pictures.learning_curve import learning_curve
from pipeline.pictures.save import save
from pipeline.training.batches import on_grid
from pipeline.training.examples import load_dataset, split_training
from pipeline.training.kernels import compiled_meanwhile
from pipeline.training.placement import choose_engine
from pipeline.training.progress import RichProgress
from pipeline.training.run import Run
from pipeline.training.trainer import train
from results.experiments.timing import Timing


@dataclass(frozen=True)
class Summary:
    """What summary.json holds.

    The seconds are those of the calls that did the work, not of a later one that found it done; the total is their
    sum with evaluation and pictures, without installation.
    """

    dataset: str
    engine: str
    window: str
    examples_train: int
    examples_test: int
    test_accuracy: float
    test_accuracy_low: float
    test_accuracy_high: float
    seconds_data: float
    seconds_train: float
    seconds_total: float


def demo(config: Config, folder: Path, console: Console, threads: int = 0) -> Summary:
    """Prepare the data, train, evaluate on the test split, and write summary.json and the pictures.

    What an earlier call has done is reused, at whatever point it stopped. A link ``run`` to the run's folder lies
    beside the pictures. 0 threads means all.
    """
    config = choose_engine(config)
    timing = Timing(folder / "timing.json")
    console.print("1 of 3: spoken words to spikes; the network's kernels are compiled meanwhile", style="bold")
    dataset, seconds_data = _prepared(config, timing, console)
    parts = split_training(config, dataset.train, dataset.validation)
    console.print(f"2 of 3: training on {len(parts.training):,} examples", style="bold")
    run = train(config, parts.training, parts.validation, threads, RichProgress(console))
    console.print(f"3 of 3: {len(dataset.test):,} test examples and pictures", style="bold")
    started = time.perf_counter()
    trained = load_trained(run, threads)
    evaluation, is_new = _evaluated(trained, dataset.test)
    example = _pictures(trained, dataset.test, evaluation, folder)
    stage = f"test {run.folder.name}"
    if is_new or timing.kept(stage) is None:
        timing.keep(stage, time.perf_counter() - started)
    _link(folder / "run", run.folder)
    seconds_train = _training_seconds(run)
    summary = Summary(
        dataset=config.data.dataset,
        engine=config.engine,
        window=config.window.shape if config.window else "none",
        examples_train=len(parts.training),
        examples_test=len(dataset.test),
        test_accuracy=evaluation.accuracy,
        test_accuracy_low=evaluation.low,
        test_accuracy_high=evaluation.high,
        seconds_data=seconds_data,
        seconds_train=seconds_train,
        seconds_total=round(seconds_data + seconds_train + (timing.kept(stage) or 0.0), 3),
    )
    write_atomically(folder / "summary.json", [(json.dumps(asdict(summary), indent=2) + "\n").encode()])
    _report(console, summary, trained, folder, _recording(config, example, folder))
    return summary


def _prepared(config: Config, timing: Timing, console: Console) -> tuple[Dataset, float]:
    """Load the data and, while they are made, compile; return them and the seconds of the call that made them."""
    identity = hashlib.sha256(config.data.model_dump_json().encode()).hexdigest()[:12]
    stage = f"data {identity}"
    before = _cache_files(config)
    started = time.perf_counter()
    with compiled_meanwhile(config, console):
        dataset = load_dataset(config)
    seconds = time.perf_counter() - started
    if _cache_files(config) != before or timing.kept(stage) is None:
        timing.keep(stage, seconds)
    return dataset, timing.kept(stage) or 0.0


def _cache_files(config: Config) -> set[tuple[str, int]]:
    return {(p.name, p.stat().st_mtime_ns) for p in (cache_folder() / config.data.dataset).glob("*.h5")}


def _training_seconds(run: Run) -> float:
    try:
        return round(float(pd.read_csv(run.folder / "timing.csv")["seconds"].astype(float).sum()), 3)
    except (FileNotFoundError, ValueError, KeyError):
        return 0.0


def _evaluated(trained: Trained, test: SpikeData) -> tuple[Evaluation, bool]:
    """Return the test split's evaluation and whether it is new; an earlier one of the same weights is reused."""
    path = trained.run.folder / "evaluation-test.json"
    try:
        earlier = Evaluation.read(path)
    except (FileNotFoundError, ValueError):
        earlier = None
    if earlier is not None and (earlier.epoch, earlier.examples) == (trained.epoch, len(test)):
        return earlier, False
    evaluation = evaluate(trained, test, "test")
    trained.run.write_text(path.name, evaluation.json())
    return evaluation, True


def _pictures(trained: Trained, test: SpikeData, evaluation: Evaluation, folder: Path) -> int:
    """Draw everything; return which test example the raster shows: the first that is right, if any is."""
    save(confusion(evaluation.confusion, trained.classes), folder / "confusion.png")
    save(learning_curve(pd.read_csv(trained.run.folder / "metrics.csv")), folder / "learning_curve.png")
    index = max(evaluation.right.find("1"), 0)
    inside = trained.engine.record(on_grid(test.select([index]), trained.config))[0]
    spoken = f"{test.classes[test.labels[index]]}, by {test.speaker_names[test.speakers[index]]}"
    shown = (trained.engine.window_table, trained.classes, trained.config.data.dt, spoken)
    save(raster(test.events(index), inside, *shown), folder / "raster.png")
    return index


def _recording(config: Config, index: int, folder: Path) -> Path | None:
    """Write the sound of a test example as a WAV, where it was made here and can be made again."""
    if config.data.dataset != "digits":
        return None
    held_out = [voice for voice in VOICES if voice.held_out]
    source = digits.spoken(held_out, config.data.utterances, seed=0)[index].source
    assert callable(source)
    samples, rate = source()
    buffer = io.BytesIO()
    soundfile.write(buffer, np.clip(samples, -1, 1), rate, format="WAV", subtype="PCM_16")
    write_atomically(folder / "example.wav", [buffer.getbuffer()])
    return folder / "example.wav"


def _link(link: Path, target: Path) -> None:
    """Point ``link`` to a run's folder, in one step."""
    new = link.with_name(f".{link.name}.{os.getpid()}")
    new.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    os.replace(new, link)


def _report(console: Console, summary: Summary, trained: Trained, folder: Path, recording: Path | None) -> None:
    table = Table(show_header=False, box=None)
    table.add_row("test accuracy", Text(f"{summary.test_accuracy:.3f}", "bold"))
    table.add_row("95 % interval", f"{summary.test_accuracy_low:.3f} .. {summary.test_accuracy_high:.3f}")
    table.add_row("examples", f"{summary.examples_train:,} to learn from, {summary.examples_test:,} to test")
    table.add_row("chosen epoch", f"{trained.epoch} of {trained.config.training.epochs}")
    table.add_row("data", f"{summary.seconds_data:.0f} s")
    table.add_row("training", f"{summary.seconds_train:.0f} s")
    table.add_row("in all", f"{summary.seconds_total:.0f} s")
    console.print(table)
    for name in ("summary.json", "confusion.png", "learning_curve.png", "raster.png"):
        console.print(str(folder / name))
    console.print(f"run: {trained.run.folder}")
    console.print(f"next: make classify AUDIO={shlex.quote(str(recording or 'my.wav'))} PLOT=1")
