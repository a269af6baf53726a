"""The Free Spoken Digit Dataset: file names, split, and the real recordings where they are available."""

import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline.audio import read_audio
from pipeline.cochlea import BasilarMembrane, Cochlea
from pipeline.data.datasets import fsdd, load
from pipeline.data.datasets.fsdd import ROOT_VARIABLE, find_folder, list_recordings
from pipeline.data.unusable import Unusable

FEW = Cochlea(membrane=BasilarMembrane(channels=16))
REAL = os.environ.get(ROOT_VARIABLE)
needs_recordings = pytest.mark.skipif(not REAL, reason=f"{ROOT_VARIABLE} names no folder of recordings")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder of noise in files named as in the data set, and unset the environment variable."""
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    rng = np.random.default_rng(0)
    for digit in (0, 3, 9):
        for speaker in ("ann", "bob"):
            for index in (0, 4, 5, 10):
                soundfile.write(
                    tmp_path / f"{digit}_{speaker}_{index}.wav",
                    rng.normal(0, 0.1, 800),
                    8000,
                    subtype="PCM_16",
                )
    return tmp_path


def test_split_by_index(folder):
    data = load("fsdd", folder, ear=FEW, progress=False)
    assert len(data.train) == len(data.test) == 12
    english = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    assert data.train.classes == english
    assert data.train.speaker_names == data.test.speaker_names == ("ann", "bob")
    for part in (data.train, data.test):
        assert part.labels.tolist() == [0] * 4 + [3] * 4 + [9] * 4
        assert part.speakers.tolist() == [0, 0, 1, 1] * 3


def test_indices_are_numbers_and_order_the_recordings(folder):
    files = list_recordings(folder, Unusable())
    assert [file.index for file in files[:4]] == [0, 4, 5, 10]
    assert files == sorted(files, key=lambda file: (file.digit, file.speaker, file.index))


def test_another_speaker_leaves_the_others_alone(folder, monkeypatch):
    before = load("fsdd", folder, ear=FEW, progress=False).test
    shutil.copy(folder / "3_bob_4.wav", folder / "3_carl_4.wav")
    after = load("fsdd", folder, ear=FEW, progress=False).test
    assert after.speaker_names == ("ann", "bob", "carl")
    others = after.select(np.flatnonzero(after.speakers < 2))
    assert np.array_equal(others.times, before.times)


def test_the_folder_may_hold_a_folder_of_recordings(folder):
    inner = folder / "recordings"
    inner.mkdir()
    assert find_folder(folder) == inner
    assert find_folder(inner) == inner


def test_the_environment_names_the_folder(folder, monkeypatch):
    monkeypatch.setenv(ROOT_VARIABLE, str(folder))
    assert find_folder(None) == folder
    assert find_folder(Path(folder)) == folder


def test_no_folder_named(monkeypatch):
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)
    with pytest.raises(
        InputError, match=f"--root, with data.root in a config or in the environment variable {ROOT_VARIABLE}"
    ):
        load("fsdd")


def test_no_such_folder(tmp_path):
    with pytest.raises(InputError, match="nowhere is no folder"):
        load("fsdd", tmp_path / "nowhere")


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match="has no recordings"):
        load("fsdd", tmp_path)


@pytest.mark.parametrize("name", ["ten_ann_0.wav", "3_ann.wav", "12_ann_0.wav", "3_ann_bob_0.wav", "3_ann_x.wav"])
def test_a_misnamed_recording_is_named(folder, name):
    (folder / "3_ann_0.wav").rename(folder / name)
    with pytest.raises(InputError, match=re.escape(name)):
        load("fsdd", folder)


def test_other_files_are_let_be(folder):
    (folder / "README.md").write_text("about")
    (folder / ".3_ann.wav").touch()
    assert len(list_recordings(folder, Unusable())) == 24


@pytest.mark.parametrize(("kept", "missing"), [((0, 4), "train"), ((5, 10), "test")])
def test_an_empty_part(folder, kept, missing):
    for file in list_recordings(folder, Unusable()):
        if file.index not in kept:
            file.path.unlink()
    with pytest.raises(InputError, match=f"no recording for the {missing} part"):
        load("fsdd", folder, ear=FEW, progress=False)


def test_a_broken_recording_is_named(folder):
    path = folder / "9_bob_10.wav"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError, match=r"9_bob_10\.wav is truncated"):
        load("fsdd", folder, ear=FEW, progress=False)


def test_all_bad_recordings_are_named_or_left_out(folder):
    (folder / "3_ann.wav").touch()
    (folder / "9_bob_10.wav").write_bytes(b"RIFF")
    (folder / "0_ann_0.wav").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        load("fsdd", folder, ear=FEW, progress=False)
    message = str(caught.value)
    assert message.startswith("3 recordings can't be used")
    assert all(name in message for name in ("3_ann.wav", "9_bob_10.wav", "0_ann_0.wav", "--skip-bad", "data.skip_bad"))
    data = load("fsdd", folder, ear=FEW, progress=False, skip_bad=True)
    assert (len(data.train), len(data.test)) == (11, 11)
    assert data.notes[0].startswith("split by index")
    assert "3 recordings can't be used and are left out" in data.notes[1]


def test_a_digit_all_of_whose_training_recordings_are_bad_is_refused(folder):
    for speaker in ("ann", "bob"):
        for index in (5, 10):
            (folder / f"3_{speaker}_{index}.wav").write_bytes(b"RIFF")
    with pytest.raises(InputError, match=r"no recording of 'three' for training can be used"):
        load("fsdd", folder, ear=FEW, progress=False, skip_bad=True)


@needs_recordings
def test_the_recordings_are_all_there_and_good():
    files = list_recordings(find_folder(None), Unusable())
    speakers = {file.speaker for file in files}
    assert len(files) == len(speakers) * 500
    assert len({(file.digit, file.speaker, file.index) for file in files}) == len(files)
    assert sum(file.index < fsdd.TEST_INDICES for file in files) * 10 == len(files)
    for file in files[::7]:
        recording = read_audio(file.path)
        assert recording.rate == 8000
        assert 0.1 < recording.seconds < 3
