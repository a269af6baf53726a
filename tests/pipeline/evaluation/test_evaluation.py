"""Scores and words from trained runs: consistent, reproducible, and of speakers that chose nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audio import MARGIN
from pipeline.data.datasets import load
from pipeline.evaluation.classify import classify
from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.evaluation.trained import load_trained
from pipeline.training.run import Run

Pipeline = Callable[..., Any]


@pytest.fixture
def trained(words_config: Path, pipeline: Pipeline) -> Path:
    """The folder of a finished run of words."""
    answer = pipeline("train", words_config)
    assert answer.code == 0, answer
    return Path(answer.out.strip())


def test_an_evaluation_agrees_with_itself(trained: Path, words_folder: Path) -> None:
    test = load("shd", words_folder).test
    result = evaluate(load_trained(Run.at(trained)), test, "test")
    confusion = np.array(result.confusion)
    assert confusion.sum() == result.examples == len(test)
    assert result.accuracy == pytest.approx(np.trace(confusion) / len(test))
    assert np.array_equal(confusion.sum(axis=1), np.bincount(test.labels))
    assert result.low < result.accuracy < result.high or result.accuracy in (0, 1)
    assert set(result.speakers) == {"dan"}
    assert result.speakers["dan"] == result.accuracy


def test_a_trained_run_says_what_an_example_costs(trained: Path, words_folder: Path) -> None:
    found, test = load_trained(Run.at(trained)), load("shd", words_folder).test
    cost = found.operations(test)
    assert cost.hidden_spikes == pytest.approx(24 * evaluate(found, test, "test").rate)
    # All synapses are there: 24 recurrent ones and 4 to the outputs a hidden spike, 24 an event.
    assert cost.accumulates == pytest.approx(28 * cost.hidden_spikes + 24 * 150, rel=0.02)
    assert cost.parameters == 700 * 24 + 24 * 24 + 24 * 4


def test_the_best_checkpoint_scores_what_its_row_of_metrics_says(trained: Path, pipeline: Pipeline) -> None:
    assert pipeline("evaluate", trained, "--split", "validation").code == 0
    scored = json.loads((trained / "evaluation-validation.json").read_text())
    best = json.loads((trained / "result.json").read_text())
    assert scored["epoch"] == best["best_epoch"]
    for column in ("loss", "accuracy", "rate", "silent"):
        assert scored[column] == best["best"]["validation"][column]


def test_a_score_that_cant_be_kept_is_printed_all_the_same(
    trained: Path, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    kept = trained / "evaluation-test.json"
    kept.mkdir()
    answer = pipeline("evaluate", trained, "--split", "test")
    assert answer.code == 0, answer
    assert "all 24" in answer.out
    assert caplog.messages[-1].startswith(f"{kept} can't be written (")


def test_threads_change_no_score(trained: Path, words_folder: Path) -> None:
    test = load("shd", words_folder).test
    run = Run.at(trained)
    assert evaluate(load_trained(run, 1), test, "test") == evaluate(load_trained(run, 2), test, "test")


def test_crossval_says_where_it_went(words_config: Path, pipeline: Pipeline) -> None:
    answer = pipeline("crossval", words_config, "--set", "training.epochs=1", "--threads", 2)
    assert answer.sentence == f"cross-validation is an experiment: python -m results crossval {words_config}"


@pytest.mark.parametrize(("ending", "rate", "channels"), [("wav", 8000, 1), ("flac", 44100, 2), ("wav", 48000, 2)])
def test_a_recording_becomes_probabilities(
    trained: Path, tmp_path: Path, pipeline: Pipeline, ending: str, rate: int, channels: int
) -> None:
    path = tmp_path / f"tone.{ending}"
    wave = 0.3 * np.sin(2 * np.pi * 600 * np.arange(int(0.12 * rate)) / rate)
    soundfile.write(path, np.repeat(wave[:, None], channels, axis=1), rate)
    answers = [pipeline("classify", trained, path, "--json") for _ in range(2)]
    assert answers[0].code == 0, answers[0]
    assert answers[0].out == answers[1].out
    said = json.loads(answers[0].out)
    assert set(said) == {"file", "word", "probabilities"}
    assert said["file"] == str(path)
    assert sum(said["probabilities"].values()) == pytest.approx(1)
    assert (
        next(iter(said["probabilities"])) == said["word"] == max(said["probabilities"], key=said["probabilities"].get)
    )


def test_the_losss_temperature_is_that_of_the_probabilities(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 600 * np.arange(2400) / 16000), 16000)
    found = load_trained(Run.at(trained))
    hot = replace(found, config=found.config.changed(loss=replace(found.config.loss, temperature=4.0)))
    one, other = (classify(of, path).probabilities for of in (found, hot))
    assert list(one) == list(other)
    logs = np.log(np.array([list(one.values()), list(other.values())]))
    assert np.diff(logs[0]) == pytest.approx(4 * np.diff(logs[1]), rel=1e-4)


def test_many_recordings_are_one_object_a_line_and_pictures(trained: Path, tmp_path: Path, pipeline: Pipeline) -> None:
    paths = [tmp_path / f"{pitch}.wav" for pitch in (300, 2000)]
    for path in paths:
        wave = 0.3 * np.sin(2 * np.pi * int(path.stem) * np.arange(2400) / 16000)
        soundfile.write(path, wave, 16000)
    answer = pipeline("classify", trained, *paths, "--json", "--plot", tmp_path / "pictures")
    assert [json.loads(line)["file"] for line in answer.out.splitlines()] == [str(p) for p in paths]
    for path in paths:
        assert (tmp_path / "pictures" / f"{path.stem}.png").read_bytes().startswith(b"\x89PNG")


def test_quiet_around_a_word_goes_unheard_only_where_there_is_no_room(
    trained: Path, tmp_path: Path, pipeline: Pipeline
) -> None:
    word = 0.3 * np.sin(2 * np.pi * 500 * np.arange(0, 0.02, 1 / 16000))

    def heard(name: str, before: float, wave: np.ndarray) -> Any:
        soundfile.write(tmp_path / name, np.concatenate([np.zeros(int(16000 * before)), wave]), 16000)
        return classify(load_trained(Run.at(trained)), tmp_path / name)

    short = heard("short.wav", 0.03, word)
    assert short.audio.seconds == pytest.approx(0.05)
    late = heard("late.wav", 2.0, word)
    assert late.audio.seconds == pytest.approx(0.02 + MARGIN, abs=0.001)
    assert short.unheard == late.unheard == 0
    assert heard("long.wav", 0.0, np.tile(word, 10)).unheard == pytest.approx(100, abs=1)
    said = pipeline("classify", trained, tmp_path / "long.wav")
    assert "beyond the trial" in said.err


@given(data=st.data())
def test_an_evaluation_is_read_as_it_was_written_or_not_at_all(data: st.DataObject, tmp_path_factory: Any) -> None:
    written = Evaluation("test", 1, 2, 0.5, 0.5, 0.1, 0.9, 3.0, 0.0, {"ann": 0.5}, ("a", "b"), [[1, 0], [1, 0]], "10")
    path = tmp_path_factory.getbasetemp() / "evaluation.json"
    path.write_text(written.json())
    assert Evaluation.read(path) == written
    fields = json.loads(written.json())
    field = data.draw(st.sampled_from(sorted(fields)))
    fields[field] = data.draw(st.sampled_from([None, "x", [], {}, [[1]], 1.5, -1, {"a": "x"}, [None]]))
    content = data.draw(st.sampled_from([json.dumps(fields), "[" * 5000, "1" * 5000, "", "null"]))
    path.write_text(content)
    try:
        found = asdict(Evaluation.read(path))
    except ValueError:
        return
    assert {name: type(value) for name, value in found.items()} == {n: type(v) for n, v in asdict(written).items()}
