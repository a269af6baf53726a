"""Folders of recordings, in both layouts, and the speakers that are held out."""

import logging
import re

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline.cochlea import BasilarMembrane, Cochlea
from pipeline.data.datasets import load
from pipeline.data.datasets.speaker_hash import held_out

FEW = Cochlea(membrane=BasilarMembrane(channels=16))
# By Speech Commands' hash: one speaker of its test list, one of its validation list, two of neither.
SPEAKERS = ("bb05582b", "a69b9b3e", "0132a06d", "004ae714")


def record(path, seconds=0.1):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(list(str(path).encode())).normal(0, 0.1, round(16000 * seconds))
    soundfile.write(path, noise, 16000)


@pytest.fixture
def words(tmp_path):
    """Return a folder as Speech Commands has it."""
    root = tmp_path / "commands"
    for word in ("yes", "no"):
        for speaker in SPEAKERS:
            for number in range(2):
                record(root / word / f"{speaker}_nohash_{number}.wav")
    record(root / "_background_noise_" / "dishes.wav", seconds=61)
    (root / "testing_list.txt").write_text("yes/bb05582b_nohash_0.wav\n")
    (root / "README.md").write_text("about")
    return root


@pytest.fixture
def splits(tmp_path):
    """Return a folder with split folders."""
    root = tmp_path / "own"
    for split, speakers in (("train", ("ann", "bob")), ("test", ("cat",))):
        for word in ("up", "down"):
            for speaker in speakers:
                record(root / split / word / f"{speaker}_1.flac")
    return root


def read(root, **options):
    return load("audio", root, cochlea=FEW, progress=False, **options)


def names(part):
    return {part.speaker_names[i] for i in part.speakers}


def test_speech_commands_as_it_is(words):
    data = read(words)
    assert data.train.classes == data.test.classes == ("no", "yes")
    assert names(data.test) == {"bb05582b"}
    assert names(data.train) == set(SPEAKERS[1:])
    assert data.validation is None
    assert (len(data.train), len(data.test)) == (12, 4)


def test_examples_are_ordered_by_word_and_speaker(words):
    part = read(words).train
    keys = list(zip(part.labels, part.speakers, strict=True))
    assert keys == sorted(keys)


def test_split_folders(splits):
    data = read(splits)
    assert data.train.classes == ("down", "up")
    assert data.train.speaker_names == data.test.speaker_names == ("ann", "bob", "cat")
    assert (names(data.train), names(data.test)) == ({"ann", "bob"}, {"cat"})


def test_a_validation_folder(splits):
    record(splits / "validation" / "up" / "dan_1.wav")
    data = read(splits)
    assert names(data.validation) == {"dan"}
    assert data.validation.speaker_names == data.train.speaker_names


def test_speakers_in_two_split_folders_are_told_of(splits, caplog):
    record(splits / "test" / "up" / "ann_2.wav")
    with caplog.at_level(logging.WARNING):
        read(splits)
    assert "1 speakers are in both train and test, for example ann" in caplog.text


def test_files_of_other_kinds_are_told_of(words, caplog):
    (words / "yes" / "ann_1.mp3").write_bytes(b"sound")
    (words / "yes" / ".hidden").touch()
    with caplog.at_level(logging.WARNING):
        data = read(words)
    assert "1 files are neither .wav nor .flac" in caplog.text
    assert len(data.train) + len(data.test) == 16


def refusal(root, **options):
    with pytest.raises(InputError) as caught:
        read(root, **options)
    return str(caught.value)


def test_no_root():
    assert "--root" in refusal(None)


def test_no_such_folder(tmp_path):
    assert "nowhere is no folder" in refusal(tmp_path / "nowhere")


def test_no_words(tmp_path):
    record(tmp_path / "ann_1.wav")
    assert "has no folders of words" in refusal(tmp_path)


def test_an_empty_word(words):
    (words / "maybe").mkdir()
    assert "maybe has no recordings" in refusal(words)


def test_one_word(words):
    for path in (words / "no").iterdir():
        path.unlink()
    (words / "no").rmdir()
    assert "one word, 'yes'" in refusal(words)


def test_one_speaker(tmp_path):
    for word in ("yes", "no"):
        record(tmp_path / word / "ann_1.wav")
    assert "one speaker, 'ann'" in refusal(tmp_path)


def test_a_word_that_only_held_out_speakers_say(words):
    record(words / "stop" / "bb05582b_nohash_0.wav")
    assert "'stop' from held-out speakers only" in refusal(words)


@pytest.mark.parametrize("name", ["ann.wav", "_1.wav"])
def test_a_name_without_a_speaker(words, name):
    record(words / "yes" / name)
    assert re.search(rf"{re.escape(name)} tells no speaker", refusal(words))


def test_a_broken_recording(words):
    path = words / "yes" / "0132a06d_nohash_1.wav"
    path.write_bytes(path.read_bytes()[:100])
    assert f"{path} is truncated" in refusal(words)


@pytest.mark.parametrize("split", ["train", "test"])
def test_one_split_folder_alone(splits, split):
    for folder in (splits / split).iterdir():
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    (splits / split).rmdir()
    assert "both train and test are wanted" in refusal(splits)


def test_a_word_beside_the_split_folders(splits):
    record(splits / "left" / "ann_1.wav")
    assert "'left' beside its split folders" in refusal(splits)


def test_a_test_word_that_is_not_trained(splits):
    record(splits / "test" / "left" / "cat_1.wav")
    assert "is a word that" in refusal(splits)


def test_words_called_train_and_test_are_words(tmp_path):
    for word in ("train", "test"):
        for speaker in SPEAKERS:
            record(tmp_path / word / f"{speaker}_1.wav")
    assert read(tmp_path).train.classes == ("test", "train")


@pytest.mark.parametrize("percent", [0, 100, -3])
def test_a_share_out_of_range(words, percent):
    assert f"test_percent is {percent}" in refusal(words, test_percent=percent)


def test_speakers_of_speech_commands_are_on_its_own_side():
    # The first speakers of testing_list.txt and of validation_list.txt in its version 0.02.
    tested = ["bb05582b", "97f4c236", "f2e59fea", "fdb5155e", "dc75148d", "3f170018", "18f8afd5", "e1469561"]
    validated = [
        "a69b9b3e",
        "439c84f4",
        "409c962a",
        "dbaf8fc6",
        "a6d586b7",
        "0e17f595",
        "ff2b842e",
        "7fd25f7c",
    ]
    assert held_out(tested + validated) == set(tested)


def test_a_share_of_the_speakers_is_held_out():
    speakers = [f"speaker{i}" for i in range(4000)]
    for percent in (5.0, 10.0, 30.0):
        assert len(held_out(speakers, percent)) / 4000 == pytest.approx(percent / 100, abs=0.02)


def test_new_speakers_leave_the_others_where_they_are():
    few, many = ([f"speaker{i}" for i in range(n)] for n in (300, 600))
    assert held_out(few) == held_out(many) & set(few)


@pytest.mark.parametrize("percent", [0.001, 99.999])
def test_at_least_one_speaker_on_either_side(percent):
    for count in range(2, 20):
        speakers = [f"speaker{i}" for i in range(count)]
        assert 0 < len(held_out(speakers, percent)) < count
