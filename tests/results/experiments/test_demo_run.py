import json
import re
import time

import pandas as pd
import pytest
from matplotlib.figure import Figure

import results.experiments.demo
from pipeline.audio import read_audio
from pipeline.config import load_config
from pipeline.console import Console
from pipeline.data.voices import DIGITS_CLASSES
from pipeline.evaluation.intervals import wilson
from pipeline.training.run import Run
from results.experiments.demo import demo

FIELDS = [
    "dataset",
    "engine",
    "window",
    "examples_train",
    "examples_test",
    "test_accuracy",
    "test_accuracy_low",
    "test_accuracy_high",
    "seconds_data",
    "seconds_train",
    "seconds_total",
]
PICTURES = ("confusion.png", "learning_curve.png", "raster.png")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def run_demo(words_config, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(tmp_path / "cache"))

    def run(*overrides):
        with (tmp_path / "said.txt").open("w") as file:
            config = load_config(words_config, overrides)
            summary = demo(config, folder, Console(file=file, width=200), threads=1)
        return summary, (tmp_path / "said.txt").read_text()

    return run


@pytest.fixture
def quick_pictures(monkeypatch):
    """Draw nothing; what would have been drawn is returned."""
    asked = {}
    for name in ("confusion", "learning_curve", "raster"):
        monkeypatch.setattr(
            results.experiments.demo, name, lambda *given, name=name: asked.update({name: given}) or Figure((1, 1))
        )
    return asked


def test_leaves_a_summary_pictures_and_the_run(run_demo, folder):
    summary, text = run_demo()
    written = json.loads((folder / "summary.json").read_text())
    assert list(written) == FIELDS
    assert written == vars(summary)
    assert (written["dataset"], written["engine"], written["window"]) == ("shd", "cpu", "gaussian")
    assert (written["examples_train"], written["examples_test"]) == (52, 24)
    interval = wilson(round(24 * summary.test_accuracy), 24)
    assert (summary.test_accuracy_low, summary.test_accuracy_high) == interval
    assert summary.seconds_total >= summary.seconds_data + summary.seconds_train > 0
    for name in PICTURES:
        assert (folder / name).read_bytes().startswith(b"\x89PNG")
        assert name in text
    run = Run.at(folder / "run")
    assert run.config().data.trial == 100
    assert len(pd.read_csv(run.folder / "metrics.csv")) == 12


def test_a_second_call_reuses_everything_and_keeps_the_seconds(run_demo, quick_pictures, folder, monkeypatch):
    first, _ = run_demo()
    kept = {path: path.read_bytes() for path in folder.glob("*.*")}
    weights = folder / "run" / "last.npz"
    written = weights.stat().st_mtime_ns
    monkeypatch.setattr(results.experiments.demo, "evaluate", lambda *_: pytest.fail("the test split was read again"))
    second, _ = run_demo()
    assert second == first
    assert weights.stat().st_mtime_ns == written
    assert {path: path.read_bytes() for path in folder.glob("*.*")} == kept


def test_other_settings_are_another_run_and_the_first_stays(run_demo, quick_pictures, folder):
    run_demo("training.epochs=2")
    first = (folder / "run").resolve()
    run_demo("training.epochs=1")
    assert (folder / "run").resolve() != first
    assert first.is_dir()


def test_seconds_of_the_data_are_those_of_making_them(run_demo, quick_pictures, tmp_path, monkeypatch):
    load = results.experiments.demo.load_dataset
    kept = tmp_path / "cache" / "shd" / "part.h5"

    def making(config):
        time.sleep(0.2)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch()
        return load(config)

    monkeypatch.setattr(results.experiments.demo, "load_dataset", making)
    first, _ = run_demo("training.epochs=1")
    monkeypatch.setattr(results.experiments.demo, "load_dataset", load)
    second, _ = run_demo("training.epochs=1")
    other, _ = run_demo("training.epochs=2")
    assert first.seconds_data == second.seconds_data == other.seconds_data >= 0.2


def test_the_pictures_show_the_test_split_and_a_word_that_is_right(run_demo, quick_pictures):
    summary, _ = run_demo()
    counts, classes = quick_pictures["confusion"]
    right = sum(counts[i][i] for i in range(4))
    assert right / 24 == summary.test_accuracy > 0
    _, inside, _, _, dt, spoken = quick_pictures["raster"]
    assert spoken == f"{classes[inside.logits.argmax()]}, by dan"
    assert dt == 1


def test_the_next_command_names_a_recording_of_digits_that_is_there(tmp_path):
    config = load_config("demo", ["data.utterances=1"])
    index = DIGITS_CLASSES.index("six") + len(DIGITS_CLASSES)
    path = results.experiments.demo._recording(config, index, tmp_path)
    assert 0.2 < read_audio(path).seconds < 1.5


def test_without_a_recording_the_next_command_is_for_the_users_own(run_demo, quick_pictures):
    _, text = run_demo("training.epochs=1")
    assert re.search(r"make classify AUDIO=my.wav PLOT=1$", text.strip())
