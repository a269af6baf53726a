"""Folders of recordings through the command line: splits are explained, bad recordings all named or left out."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.config import load_config

Pipeline = Callable[..., "Answer"]  # noqa: F821


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as Speech Commands has it, with lists and two recordings that can't be used."""
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "runs"))
    root = tmp_path / "commands"
    rng = np.random.default_rng(1)
    for word in ("yes", "no"):
        (root / word).mkdir(parents=True)
        for speaker in ("ann", "bob", "cat", "dan"):
            for number in range(2):
                soundfile.write(root / word / f"{speaker}_nohash_{number}.wav", rng.normal(0, 0.1, 800), 8000)
    for name, speaker in (("testing_list.txt", "dan"), ("validation_list.txt", "cat")):
        lines = [f"{word}/{speaker}_nohash_{number}.wav\n" for word in ("yes", "no") for number in range(2)]
        (root / name).write_text("".join(lines))
    (root / "yes" / "ann_nohash_0.wav").write_bytes(b"RIFF")
    (root / "no" / "bob_nohash_1.wav").write_bytes(b"")
    return root


def config(folder: Path) -> Path:
    path = folder.parent / "words.toml"
    path.write_text(f"""
name = "words"
[data]
dataset = "audio"
root = "{folder}"
trial = 100.0
validation = "own"
[network]
hidden = 8
[training]
epochs = 1
""")
    return path


def test_data_names_all_bad_recordings_and_converts_nothing(folder: Path, pipeline: Pipeline) -> None:
    answer = pipeline("data", "audio", "--root", folder)
    assert answer.code == 2
    assert answer.err.startswith("error: 2 recordings can't be used; --skip-bad")
    for name in ("yes/ann_nohash_0.wav", "no/bob_nohash_1.wav"):
        assert str(folder / name) in answer.err
    assert answer.out == ""
    assert not (folder.parent / "cache").exists()


def test_data_leaves_bad_recordings_out_and_says_what_made_the_split(folder: Path, pipeline: Pipeline) -> None:
    answer = pipeline("data", "audio", "--root", folder, "--skip-bad")
    assert answer.code == 0, answer
    assert "split by testing_list.txt and validation_list.txt" in answer.out
    assert "2 recordings can't be used and are left out:" in answer.out


def test_train_says_what_made_the_split_and_its_log_keeps_it(folder: Path, pipeline: Pipeline) -> None:
    refused = pipeline("train", config(folder))
    assert refused.code == 2
    assert "2 recordings can't be used" in refused.err
    assert not (folder.parent / "runs").exists()
    answer = pipeline("train", config(folder), "--set", "data.skip_bad=true")
    assert answer.code == 0, answer
    log = (Path(answer.out.strip()) / "log").read_text()
    for text in (answer.err, log):
        assert "split by testing_list.txt and validation_list.txt" in text
        assert "2 recordings can't be used and are left out:" in text
        assert "is not used" not in text


def test_train_says_that_a_validation_list_is_not_used(folder: Path, pipeline: Pipeline) -> None:
    answer = pipeline("train", config(folder), "--set", "data.skip_bad=true", "--set", "data.validation=mixed")
    assert answer.code == 0, answer
    assert 'its own validation part is not used; with data.validation = "own" it chooses the epoch' in answer.err


def test_a_config_that_does_not_skip_bad_recordings_has_the_hash_that_it_always_had(folder: Path) -> None:
    settings = load_config(config(folder))
    assert "skip_bad" not in settings.toml()
    assert settings.hash() != load_config(config(folder), ["data.skip_bad=true"]).hash()


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root reads everything")
def test_a_recording_that_must_not_be_read_is_named_with_the_others(folder: Path, pipeline: Pipeline) -> None:
    (folder / "yes" / "bob_nohash_0.wav").chmod(0)
    answer = pipeline("data", "audio", "--root", folder)
    assert answer.err.startswith("error: 3 recordings can't be used")
