"""The commands hear with the ear that the config or the option names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline.config import load_config
from pipeline.evaluation.classify import classify
from pipeline.evaluation.trained import load_trained
from pipeline.training.run import Run

Pipeline = Callable[..., Any]
RATE = 8000


def say(path: Path, pitch: float, seconds: float = 0.2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    n, noise = np.arange(round(seconds * RATE)), np.random.default_rng(len(path.name)).normal(0, 0.01, 1)
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * pitch * n / RATE) + noise, RATE)
    return path


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config of two words, by four speakers, in a trial that holds a latency code."""
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(tmp_path / "cache"))
    for word, pitch in (("low", 300), ("high", 2500)):
        for number, speaker in enumerate(("ann", "ben", "cia", "dan")):
            say(tmp_path / "words" / word / f"{speaker}_0.wav", pitch * (1 + 0.05 * number))
    path = tmp_path / "words.toml"
    path.write_text(f"""
name = "words"
[data]
dataset = "audio"
root = "{tmp_path / "words"}"
trial = 700.0
validation = "none"
[network]
hidden = 16
[network.initial]
input = {{mean = 4.0, sd = 4.0}}
[loss]
scale = 10.0
[training]
epochs = 4
batch = 2
learning_rate = 0.02
""")
    return path


@pytest.mark.parametrize("ear", ["log-mel", "mfcc"])
def test_a_run_is_trained_scored_and_asked_with_its_own_ear(
    ear: str, config: Path, tmp_path: Path, pipeline: Pipeline
) -> None:
    run = Path(pipeline("train", config, "--set", f"data.ear={ear}").out.strip())
    assert f'ear = "{ear}"' in (run / "config.toml").read_text()
    assert pipeline("evaluate", run, "--split", "test").code == 0
    recording = say(tmp_path / "new.wav", 2400)
    answer = pipeline("classify", run, recording, "--json")
    assert answer.code == 0, answer.err
    assert set(json.loads(answer.out)["probabilities"]) == {"low", "high"}
    # Where times are no times of the recording, none lies beyond the trial's end.
    answer = pipeline("classify", run, say(tmp_path / "long.wav", 2400, 0.9))
    assert answer.code == 0
    assert ("the last 200 ms lie beyond the trial's end" in answer.err) == (ear == "log-mel")
    heard = classify(load_trained(Run.at(run)), recording).events
    if ear == "mfcc":
        assert sorted(heard.units) == list(range(30))
    else:
        # The pitch lies in the upper half of the mel scale; channel 0 has the highest frequency.
        assert len(heard.times) > 100
        assert np.median(heard.units) < 350


def test_data_has_the_ear_as_an_option(config: Path, pipeline: Pipeline) -> None:
    root = config.parent / "words"
    shown = {ear: pipeline("data", "audio", "--root", root, "--ear", ear).out for ear in ("log-mel", "mfcc")}
    assert "30" in shown["mfcc"]
    assert shown["mfcc"] != shown["log-mel"]
    assert "There is no ear 'mfc'" in pipeline("data", "audio", "--root", root, "--ear", "mfc").sentence


def test_data_sets_of_spikes_refuse_an_ear(words_config: Path, words_folder: Path, pipeline: Pipeline) -> None:
    said = pipeline("data", "shd", "--root", words_folder, "--ear", "log-mel").sentence
    assert said == "The ear is 'log-mel', but shd has spikes and no recordings to hear; leave the ear out."
    assert pipeline("data", "shd", "--root", words_folder, "--ear", "cochlea").code == 0
    said = pipeline("train", words_config, "--set", "data.ear=mfcc").sentence
    assert 'data.ear is "mfcc", but shd has spikes and no recordings to hear; leave data.ear out' in said
    with pytest.raises(InputError, match="ssc has spikes"):
        load_config("ssc", ["data.ear=log-mel"])
    with pytest.raises(InputError, match=r"data\.ear is 'ear'; it must be one of 'cochlea', 'log-mel', 'mfcc'"):
        load_config("fsdd", ["data.ear=ear"])
