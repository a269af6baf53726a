"""``~`` is the user's home wherever a path is named, and a name that looks like a number is a name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from models.engines.genn.folders import FOLDER_VARIABLE, code_root
from models.errors import InputError
from pipeline.config import load_config
from pipeline.data.cache import CACHE_VARIABLE, cache_folder
from pipeline.data.datasets import audio, fsdd, load
from pipeline.paths import expanded
from pipeline.training.run import RUNS_VARIABLE, Run, runs_folder

Pipeline = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's home."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def test_a_user_who_is_not_here_is_a_folder_of_that_name() -> None:
    assert expanded("~nobody-of-this-name/words") == Path("~nobody-of-this-name/words")


def test_folders_of_the_environment_may_begin_with_the_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, folder in (
        (RUNS_VARIABLE, runs_folder),
        (CACHE_VARIABLE, cache_folder),
        (FOLDER_VARIABLE, code_root),
    ):
        monkeypatch.setenv(variable, "~/mine")
        assert folder() == home / "mine"
        monkeypatch.setenv(variable, "123")
        assert folder() == Path("123")


def test_roots_of_data_sets_may_begin_with_the_home(
    home: Path, words_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "words").mkdir()
    for loader in (audio.load, fsdd.load):
        with pytest.raises(InputError, match=f"^{home / 'words'} has no"):
            loader(Path("~/words"))
    monkeypatch.setenv(fsdd.ROOT_VARIABLE, "~/words")
    assert fsdd.find_folder(None) == home / "words"
    shutil.copytree(words_folder, home / "shd")
    assert len(load("shd", Path("~/shd")).train) == 60


def test_a_config_may_begin_paths_with_the_home(
    home: Path, words_config: Path, words_folder: Path, pipeline: Pipeline
) -> None:
    shutil.copytree(words_folder, home / "words")
    answer = pipeline("train", words_config, "--set", "data.root=~/words", "--set", "training.epochs=1")
    assert answer.code == 0, answer
    (home / "window.txt").write_text("\ufeff" + "1.0\n" * 100)
    window = load_config(words_config, ["loss.window.shape=tabulated", "loss.window.file=~/window.txt"]).window
    assert window is not None
    assert window.table(100).tolist() == [1.0] * 100
    recording = home / "a.wav"
    soundfile.write(recording, 0.3 * np.sin(np.arange(800)), 8000)
    assert pipeline("classify", answer.out.strip(), recording, "--plot=~/pictures").code == 0
    assert (home / "pictures" / "a.png").is_file()


@pytest.mark.parametrize("name", ["123", "1e3", "2024-01-01", "true", "nan", "[1]", "0x1f", "12#3"])
def test_a_folder_whose_name_looks_like_something_else(name: str, words_config: Path) -> None:
    assert load_config(words_config, [f"data.root={name}"]).data.root == name
    assert load_config(words_config, [f'data.root="{name}"']).data.root == name


def test_runs_and_data_in_folders_named_by_numbers(
    words_config: Path, words_folder: Path, tmp_path: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(RUNS_VARIABLE, "2024")
    shutil.copytree(words_folder, "123")
    override = ("--set", "data.root=123", "--set", "name=7", "--set", "training.epochs=1")
    answer = pipeline("train", words_config, *override)
    assert answer.code == 0, answer
    assert answer.out.startswith("2024/7/")
    assert pipeline("evaluate", answer.out.strip(), "--split", "test").code == 0


def test_a_byte_order_mark_changes_no_config(words_config: Path, pipeline: Pipeline) -> None:
    """Editors of Windows begin files with one."""
    marked = words_config.with_name("marked.toml")
    marked.write_text("\ufeff" + words_config.read_text(), encoding="utf-8")
    assert load_config(marked) == load_config(words_config)
    run = Path(pipeline("train", marked, "--set", "training.epochs=1").out.strip())
    config = Run.at(run).config()
    (run / "config.toml").write_text("\ufeff" + config.toml(), encoding="utf-8")
    assert Run.at(run).config() == config
