"""Folders of recordings, in both layouts, and the speakers that are held out."""

import logging
import re
import unicodedata

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline.cochlea import BasilarMembrane, Cochlea
from pipeline.data.cache import cache_folder
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
    return load("audio", root, ear=FEW, progress=False, **options)


def names(part):
    return {part.speaker_names[i] for i in part.speakers}


def test_speech_commands_without_its_lists(words):
    data = read(words)
    assert data.train.classes == data.test.classes == ("no", "yes")
    assert names(data.test) == {"bb05582b"}
    assert names(data.train) == set(SPEAKERS[1:])
    assert data.validation is None
    assert (len(data.train), len(data.test)) == (12, 4)
    assert "held out for the test part, by a hash of their names: 1 of 4 speakers" in data.notes[0]
    assert "_background_noise_ is left out" in data.notes[1]


def test_silence_and_unknown_are_words(words):
    for word in ("_silence_", "_unknown_"):
        for speaker in SPEAKERS:
            record(words / word / f"{speaker}_nohash_0.wav")
    assert read(words).train.classes == ("_silence_", "_unknown_", "no", "yes")


def test_an_empty_folder_of_silence_is_no_word(words):
    (words / "_silence_").mkdir()
    assert read(words).train.classes == ("no", "yes")


def test_examples_are_ordered_by_word_and_speaker(words):
    part = read(words).train
    keys = list(zip(part.labels, part.speakers, strict=True))
    assert keys == sorted(keys)


def test_split_folders(splits):
    data = read(splits)
    assert data.train.classes == ("down", "up")
    assert data.train.speaker_names == data.test.speaker_names == ("ann", "bob", "cat")
    assert (names(data.train), names(data.test)) == ({"ann", "bob"}, {"cat"})
    assert data.notes == (f"{splits}: split by the folders train, test.",)


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


def test_recordings_beside_the_folders_of_words_are_told_of(words, caplog):
    record(words / "ann_1.wav")
    with caplog.at_level(logging.WARNING):
        read(words)
    assert "1 recordings lie beside the folders of words" in caplog.text
    assert str(words / "ann_1.wav") in caplog.text


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


@pytest.fixture
def spoilt(words):
    """Return a folder with four recordings that can't be used, and their names."""
    bad = {
        "yes/0132a06d_nohash_1.wav": "is not audio",
        "no/004ae714_nohash_0.wav": "is truncated",
        "no/bb05582b_nohash_1.wav": "is silent",
        "no/nobody.wav": "tells no speaker",
    }
    (words / "yes/0132a06d_nohash_1.wav").write_bytes(b"RIFF")
    path = words / "no/004ae714_nohash_0.wav"
    path.write_bytes(path.read_bytes()[:200])
    soundfile.write(words / "no/bb05582b_nohash_1.wav", np.zeros(1600), 16000)
    record(words / "no/nobody.wav")
    return words, bad


def test_all_bad_recordings_are_named_at_once_and_nothing_is_converted(spoilt):
    root, bad = spoilt
    lines = refusal(root).splitlines()
    assert lines[0].startswith("4 recordings can't be used; --skip-bad")
    assert len(lines) == 5
    for name, why in bad.items():
        assert any(str(root / name) in line and why in line for line in lines[1:])
    assert not list(cache_folder().rglob("*"))


def test_bad_recordings_are_left_out_and_counted(spoilt):
    root, bad = spoilt
    data = read(root, skip_bad=True)
    assert (len(data.train), len(data.test)) == (10, 3)
    assert data.notes[-1].startswith("4 recordings can't be used and are left out:\n")
    assert all(name in data.notes[-1] for name in bad)
    for name in bad:
        (root / name).unlink()
    again = read(root)
    for part in ("train", "test"):
        assert np.array_equal(getattr(data, part).times, getattr(again, part).times)
    assert not any("can't be used" in note for note in again.notes)


def test_a_word_all_of_whose_recordings_are_bad_is_refused(words):
    for path in (words / "no").iterdir():
        path.write_bytes(b"RIFF")
    assert "no recording for the" in refusal(words, skip_bad=True) or "'no'" in refusal(words, skip_bad=True)


def test_a_speaker_who_is_missing_for_a_bad_name_is_explained_by_that_name(tmp_path):
    for word in ("yes", "no"):
        record(tmp_path / word / "ann_1.wav")
        record(tmp_path / word / "bob.wav")
    message = refusal(tmp_path)
    assert "yes/bob.wav tells no speaker" in message
    assert "no/bob.wav tells no speaker" in message


@pytest.mark.parametrize("folder", ["{word}", "train/{word}"])
def test_a_folder_whose_files_all_tell_no_speaker_is_refused(tmp_path, folder):
    for word in ("yes", "no"):
        record(tmp_path / folder.format(word=word) / "bob.wav")
        record(tmp_path / folder.replace("train", "test").format(word=word) / "bob.wav")
    assert f"{word}/bob.wav tells no speaker" in refusal(tmp_path)
    assert "has no recording for training that tells its speaker" in refusal(tmp_path, skip_bad=True)


def test_composed_and_decomposed_names_are_one_word_and_one_speaker(tmp_path, caplog):
    for form in ("NFC", "NFD"):
        for word in ("fünf", "drei"):
            for speaker in ("Zoë", "ann"):
                name = f"{speaker}_{form}.wav"
                record(tmp_path / unicodedata.normalize(form, word) / unicodedata.normalize(form, name))
    with caplog.at_level(logging.WARNING):
        data = read(tmp_path)
    assert data.train.classes == ("drei", "fünf")
    assert data.train.speaker_names == ("Zoë", "ann")
    assert len(data.train) == len(data.test) == 4
    assert "2 folders are called 'fünf' in different Unicode forms; they are one word" in caplog.text


def test_recordings_that_look_the_same_are_both_taken_with_a_warning(words, caplog):
    for form in ("NFC", "NFD"):
        record(words / "yes" / unicodedata.normalize(form, "Zoë_1.wav"))
    with caplog.at_level(logging.WARNING):
        data = read(words)
    assert len(data.train) + len(data.test) == 18
    assert "There are two files" in caplog.text


def test_names_that_differ_in_case_only_are_told_of(words, caplog):
    for speaker in ("0132A06D", *SPEAKERS):
        record(words / "Yes" / f"{speaker}_1.wav")
    with caplog.at_level(logging.WARNING):
        data = read(words)
    assert data.train.classes == ("Yes", "no", "yes")
    assert "the words 'Yes' and 'yes' differ in case only; they count as two" in caplog.text
    assert "the speakers '0132A06D' and '0132a06d' differ in case only" in caplog.text


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
