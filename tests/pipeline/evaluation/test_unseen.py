"""No score counts recordings that the run has learned from, whatever has become of the data since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.data import hdf5
from pipeline.data.container import SpikeData
from pipeline.data.packing import pack
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.trained import load_trained
from pipeline.training.examples import split_training
from pipeline.training.run import Run

Pipeline = Callable[..., Any]


@pytest.fixture
def words(words_folder: Path, words_config: Path, tmp_path: Path) -> Path:
    """A copy of the data that may be changed; the config names it."""
    own = tmp_path / "own words"
    shutil.copytree(words_folder, own)
    words_config.write_text(words_config.read_text().replace(str(words_folder), str(own)))
    return own


@pytest.fixture
def run(words: Path, words_config: Path, pipeline: Pipeline) -> Path:
    """The folder of a finished run."""
    answer = pipeline("train", words_config)
    assert answer.code == 0, answer
    return Path(answer.out.strip())


def together(*parts: SpikeData) -> SpikeData:
    examples = [part.events(i) for part in parts for i in range(len(part))]
    labels, speakers = (np.concatenate([getattr(p, name) for p in parts]) for name in ("labels", "speakers"))
    return pack(examples, labels, speakers, parts[0].classes, parts[0].speaker_names, source="made")


def test_a_test_part_that_was_learned_from_is_refused_and_the_former_score_stays(
    words: Path, run: Path, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    assert pipeline("evaluate", run, "--split", "test").code == 0
    before = (run / "evaluation-test.json").read_bytes()
    shutil.copy(words / "shd_train.h5", words / "shd_test.h5")
    answer = pipeline("evaluate", run, "--split", "test")
    assert answer.sentence == (
        f"{run} has learned from or chose its epoch by all 60 recordings of what is now the test part, so that a score "
        "on them would say nothing about new ones; restore the data of its training, or train anew"
    )
    assert (run / "evaluation-test.json").read_bytes() == before


def test_those_among_new_ones_are_left_out_and_counted(
    words: Path, run: Path, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    assert pipeline("evaluate", run, "--split", "test").code == 0
    honest = json.loads((run / "evaluation-test.json").read_text())
    train, test = hdf5.read(words / "shd_train.h5"), hdf5.read(words / "shd_test.h5")
    hdf5.write(words / "shd_test.h5", together(train.select([3, 4, 5]), test, train.select([30])))
    answer = pipeline("evaluate", run, "--split", "test")
    assert answer.code == 0, answer
    assert (
        "has learned from or chose its epoch by 4 of the 28 recordings of the test part; they are left out of the score"
        in caplog.text
    )
    assert "4 examples left out, which the run has learned from" in " ".join(answer.out.split())
    marked = json.loads((run / "evaluation-test.json").read_text())
    assert marked == honest | {"left_out": 4}


def test_new_recordings_are_scored_at_any_time(
    words: Path, run: Path, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    test = hdf5.read(words / "shd_test.h5")
    hdf5.write(words / "shd_test.h5", test.select(np.arange(10)))
    answer = pipeline("evaluate", run, "--split", "test")
    assert (answer.code, caplog.text) == (0, "")
    score = json.loads((run / "evaluation-test.json").read_text())
    assert (score["examples"], score["left_out"]) == (10, 0)


def test_the_validation_part_is_what_did_not_train_and_the_train_part_what_did(
    words: Path, words_config: Path, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    run = Path(pipeline("train", words_config, "--set", "data.validation_fraction=0.4").out.strip())
    for split in ("train", "validation"):
        answer = pipeline("evaluate", run, "--split", split)
        assert (answer.code, caplog.text) == (0, "")
    train = hdf5.read(words / "shd_train.h5")
    hdf5.write(words / "shd_train.h5", train.select(np.arange(40)[::-1]))  # which mixes the parts anew
    answer = pipeline("evaluate", run, "--split", "validation")
    trained = load_trained(Run.at(run))
    parts = split_training(trained.config, hdf5.read(words / "shd_train.h5"))
    assert trained.learned is not None
    assert parts.validation is not None
    learned = int(trained.learned.used(parts.validation.identities, chosen=False).sum())
    assert 0 < learned < len(parts.validation)
    assert f"has learned from {learned} of the {len(parts.validation)} recordings of the validation" in caplog.text
    chose = int((~trained.learned.used(parts.training.identities, chosen=False)).sum())
    answer = pipeline("evaluate", run, "--split", "train")
    assert f"has not learned from {chose} of the {len(parts.training)} recordings of the train part" in caplog.text


def test_a_run_of_an_earlier_version_is_scored_on_the_data_it_had_and_marked_on_others(
    words: Path, run: Path, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    (run / "recordings.npz").unlink()
    answer = pipeline("evaluate", run, "--split", "test")
    assert (answer.code, caplog.text) == (0, "")
    test = hdf5.read(words / "shd_test.h5")
    hdf5.write(words / "shd_test.h5", together(test, hdf5.read(words / "shd_train.h5").select([1])))
    answer = pipeline("evaluate", run, "--split", "test")
    assert "1 of the 25 recordings of the test part; they are left out" in caplog.text
    hdf5.write(words / "shd_train.h5", hdf5.read(words / "shd_train.h5").select(np.arange(50)))
    answer = pipeline("evaluate", run, "--split", "test")
    assert answer.code == 0
    assert "did not keep which recordings it learned from, and the data are not those of its" in caplog.text


def test_what_was_learned_is_kept_by_whoever_begins_to_learn(
    words: Path, words_config: Path, run: Path, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    """A run that was begun on other data, without an epoch to its end, remembers the data of its epochs."""
    for name in ("last.npz", "best.npz", "metrics.csv", "result.json"):
        (run / name).unlink()
    train = hdf5.read(words / "shd_train.h5")
    hdf5.write(words / "shd_train.h5", train.select(np.arange(48)))
    assert pipeline("train", words_config).code == 0
    trained = load_trained(Run.at(run))
    assert trained.learned is not None
    kept = np.union1d(trained.learned.training, trained.learned.validation)
    assert kept.tolist() == sorted(train.select(np.arange(48)).identities.tolist())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and so on", b"no archive"])
def test_a_damaged_memory_is_refused_and_made_again(
    words: Path, words_config: Path, run: Path, pipeline: Pipeline, content: bytes
) -> None:
    whole = (run / "recordings.npz").read_bytes()
    (run / "recordings.npz").write_bytes(content)
    answer = pipeline("evaluate", run, "--split", "test")
    assert answer.sentence.startswith(f"{run / 'recordings.npz'}, which says what the run learned from, is damaged")
    (run / "recordings.npz").unlink()
    assert pipeline("train", words_config).code == 0
    assert (run / "recordings.npz").read_bytes() == whole


def test_scores_can_be_compared_where_their_recordings_are_the_same(words: Path, run: Path) -> None:
    test = hdf5.read(words / "shd_test.h5")
    trained = load_trained(Run.at(run))
    one, again, other = (evaluate(trained, d, "test").recordings for d in (test, test, test.select(np.arange(23))))
    assert one == again != other


def test_another_speaker_in_place_of_the_held_out_one_is_not_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder of recordings whose held-out speaker's files are removed: the split then holds out somebody else."""
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(tmp_path / "cache"))
    folder, rng = tmp_path / "words", np.random.default_rng(5)
    for pitch, word in ((300, "low"), (2500, "high")):
        (folder / word).mkdir(parents=True)
        for speaker in (f"voice{number}" for number in range(9)):
            wave = 0.2 * np.sin(2 * np.pi * pitch * np.arange(1600) / 16000) + rng.normal(0, 0.01, 1600)
            soundfile.write(folder / word / f"{speaker}_1.wav", wave, 16000)
    ours = ("data.dataset=audio", f"data.root={folder}", "data.trial=150", "network.hidden=8", "training.epochs=1")
    ours += ("data.validation=none", "engine=cpu")
    answer = pipeline("train", "fsdd", *(part for text in ours for part in ("--set", text)))
    assert answer.code == 0, answer
    run = Path(answer.out.strip())
    assert pipeline("evaluate", run, "--split", "test").code == 0
    before = json.loads((run / "evaluation-test.json").read_text())
    for speaker in before["speakers"]:
        for path in folder.glob(f"*/{speaker}_1.wav"):
            path.unlink()
    answer = pipeline("evaluate", run, "--split", "test")
    assert "recordings of what is now the test part" in answer.sentence
    assert json.loads((run / "evaluation-test.json").read_text()) == before
