"""Run folders and sweep stores of earlier versions are read, scored, continued and searched on.

``tests/data/version-1`` was written by the last commit whose configs had no version: a finished run (seed 1), one that
was interrupted after two of four epochs (seed 2), a fold of a cross-validation, and a sweep's store. Their configs have
version 1's names.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline.config import load_config
from pipeline.training.placement import choose_engine
from pipeline.training.run import Run
from sweeps.sweep import Sweep

DATA = Path(__file__).parents[1] / "data" / "version-1"


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as version 1 left it, which is the working directory."""
    shutil.copytree(DATA, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.delenv("SPOKEN_SPIKES_RUNS", raising=False)
    return tmp_path / "project"


def run_of(seed: int) -> Path:
    (folder,) = Path("runs/words").glob(f"*-s{seed}")
    return folder


def test_the_config_of_a_run_is_todays_by_todays_names(earlier: Path) -> None:
    text = (run_of(1) / "config.toml").read_text()
    assert "ease_in" in text
    assert "version" not in text
    config = Run.at(run_of(1)).config()
    assert config.training.warmup_epochs == 0.5
    assert config == choose_engine(load_config("words.toml"))


def test_a_finished_run_scores_what_it_scored(earlier: Path, pipeline: Callable[..., Any]) -> None:
    before = json.loads((run_of(1) / "evaluation-test.json").read_text())
    answer = pipeline("evaluate", run_of(1), "--split", "test")
    assert answer.code == 0
    assert answer.err == ""
    after = json.loads((run_of(1) / "evaluation-test.json").read_text())
    assert {name: after[name] for name in before} == before
    assert after["left_out"] == 0


def test_a_finished_run_classifies(earlier: Path, pipeline: Callable[..., Any]) -> None:
    soundfile.write("tone.wav", 0.3 * np.sin(2 * np.pi * 600 * np.arange(2400) / 16000), 16000)
    answer = pipeline("classify", run_of(1), "tone.wav", "--json")
    assert answer.code == 0, answer
    assert '"word"' in answer.out


def test_training_finds_the_finished_run_and_does_nothing(earlier: Path, pipeline: Callable[..., Any]) -> None:
    files = {path.name: path.read_bytes() for path in run_of(1).iterdir() if path.name != "log"}
    answer = pipeline("train", "words.toml")
    assert answer.code == 0, answer
    assert Path(answer.out.strip()) == run_of(1)
    assert "all 4 epochs are done" in answer.err
    after = {path.name: path.read_bytes() for path in run_of(1).iterdir() if path.name != "log"}
    assert after.pop("recordings.npz")
    assert after == files


def test_an_interrupted_run_goes_on_and_ends_as_it_would_have(earlier: Path, pipeline: Callable[..., Any]) -> None:
    answer = pipeline("train", "words.toml", "--set", "seed=2")
    assert answer.code == 0, answer
    assert Path(answer.out.strip()) == run_of(2)
    assert "going on after epoch 2" in answer.err
    found = np.genfromtxt(run_of(2) / "metrics.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    wanted = np.genfromtxt("metrics-s2-finished.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")
    assert found["split"].tolist() == wanted["split"].tolist()
    for column in ("epoch", "loss", "accuracy", "rate", "silent"):
        # Other processors round otherwise; on one machine the bytes are the same.
        np.testing.assert_allclose(found[column], wanted[column], rtol=1e-4)


def test_a_fold_is_found_in_its_folder(earlier: Path) -> None:
    config = choose_engine(load_config("words.toml", ["training.epochs=1"]))
    (fold,) = Path("runs/words/folds/ben").iterdir()
    assert Run.within(Run.root(config) / "folds" / "ben", config).folder == fold


def test_old_names_in_overrides_are_todays(earlier: Path) -> None:
    assert load_config("words.toml", ["training.ease_in=0.25"]) == load_config(
        "words.toml", ["training.warmup_epochs=0.25"]
    )


def test_a_sweeps_store_is_read_and_searched_on(earlier: Path) -> None:
    sweep = Sweep.at("runs/sweeps/words-random-s1")
    state, space = sweep.state(), sweep.space()
    assert [point.status for point in state.points] == ["done"] * 3
    assert state.best is not None
    config = space.settings(state.best.values, 1)
    assert 0.1 <= config.training.warmup_epochs <= 1.0
    assert config.loss == load_config("words.toml", [f"loss.scale={config.loss.scale}"]).loss  # type: ignore[attr-defined]


def test_a_config_of_a_later_version_is_refused_in_one_sentence(earlier: Path, pipeline: Callable[..., Any]) -> None:
    Path("later.toml").write_text("version = 3\n" + Path("words.toml").read_text())
    with pytest.raises(InputError, match="version is 3"):
        load_config("later.toml")
    assert "version is 3" in pipeline("train", "later.toml").sentence


def test_a_field_under_both_its_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "both.toml"
    path.write_text('name = "both"\ndata = {dataset = "digits"}\ntraining = {ease_in = 1.0, warmup_epochs = 0.5}\n')
    with pytest.raises(
        InputError, match=r"training\.ease_in is called training\.warmup_epochs today, and both are set"
    ):
        load_config(path)
