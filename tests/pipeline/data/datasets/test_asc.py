"""Arabic Speech Commands: its tables make the split, no speaker is in two parts, and the real set where it is there."""

import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline.cochlea import BasilarMembrane, Cochlea
from pipeline.config import load_config
from pipeline.data.datasets import load
from pipeline.data.datasets.asc import ROOT_VARIABLE
from pipeline.data.datasets.split_lists import by_lists, find_lists
from pipeline.data.unusable import Unusable
from pipeline.training.examples import split_training

FEW = Cochlea(membrane=BasilarMembrane(channels=16))
REAL = os.environ.get(ROOT_VARIABLE)
SPEAKERS = {"train.csv": ("01", "05", "06"), "val.csv": ("02",), "test.csv": ("03", "04")}


@pytest.fixture(autouse=True)
def no_folder_named(monkeypatch):
    monkeypatch.delenv(ROOT_VARIABLE, raising=False)


@pytest.fixture(params=["wav", "flac"])
def whole(tmp_path, request):
    """Return a folder with two words, two rounds of each speaker and all three tables."""
    rng = np.random.default_rng(0)
    for name, speakers in SPEAKERS.items():
        lines = ["file,class"]
        for word in ("zoom in", "up"):
            (tmp_path / "dataset" / word).mkdir(parents=True, exist_ok=True)
            for speaker in speakers:
                for number in ("01", "07"):
                    file = f"dataset/{word}/000000{speaker}_NO_{number}.{request.param}"
                    soundfile.write(tmp_path / file, rng.normal(0, 0.1, 1600), 16000)
                    lines.append(f"{file},{word}")
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    return tmp_path


@pytest.fixture
def copy(whole):
    """Return the folder without the recordings and the table of the test part."""
    (whole / "test.csv").unlink()
    for speaker in SPEAKERS["test.csv"]:
        for path in (whole / "dataset").rglob(f"*{speaker}_NO_*"):
            path.unlink()
    return whole


def read(root=None, **options):
    return load("asc", root, ear=FEW, progress=False, **options)


def refusal(root, **options):
    with pytest.raises(InputError) as caught:
        read(root, **options)
    return str(caught.value)


def who(part):
    return Counter(part.speaker_names[i][-2:] for i in part.speakers)


def test_with_a_test_table_val_is_for_validation(whole):
    data = read(whole)
    assert who(data.train) == {"01": 4, "05": 4, "06": 4}
    assert who(data.validation) == {"02": 4}
    assert who(data.test) == {"03": 4, "04": 4}
    assert data.train.classes == data.test.classes == ("up", "zoom in")
    assert np.bincount(data.train.labels).tolist() == [6, 6]
    (note,) = data.notes
    assert 'val.csv are the validation part (data.validation = "own"), those of test.csv the test part' in note
    assert split_training(load_config("asc", ["data.validation=own"]), data.train, data.validation).validation is (
        data.validation
    )


def test_without_a_test_table_the_speakers_of_val_are_for_the_test(copy):
    data = read(copy)
    assert data.validation is None
    assert who(data.test) == {"02": 4}
    assert len(data.notes) == 1
    assert 'the speakers of val.csv are the test part; data.validation = "speaker" holds out' in data.notes[0]
    config = load_config("asc", ['data.validation_speakers=["00000006"]'])
    parts = split_training(config, data.train, data.validation)
    assert (who(parts.training), who(parts.validation)) == ({"01": 4, "05": 4}, {"06": 4})
    with pytest.raises(InputError, match=r'data\.validation is "own", but asc has no validation part'):
        split_training(load_config("asc", ["data.validation=own"]), data.train, data.validation)


def test_tables_of_the_whole_set_beside_some_of_its_recordings(whole):
    missing = [path for path in (whole / "dataset").rglob("*_NO_*") if "03_" in path.name or "04_" in path.name]
    missing += (whole / "dataset").rglob("*01_NO_07*")
    for path in missing:
        path.unlink()
    data = read(whole)
    assert (who(data.train), who(data.test)) == ({"01": 2, "05": 4, "06": 4}, {"02": 4})
    assert data.validation is None
    assert "recordings of test.csv are not there, so the speakers of val.csv are the test part" in data.notes[0]
    counted = [note.split(" names ")[1].split(",")[0] for note in data.notes[1:]]
    assert counted == ["2 recordings that are not there (of 12)", "8 recordings that are not there (of 8)"]


def test_recordings_that_no_table_names_are_counted(copy):
    shutil.copy(next((copy / "dataset" / "up").iterdir()), copy / "dataset" / "up" / "00000099_NO_01.wav")
    data = read(copy)
    assert "99" not in who(data.train) | who(data.test)
    assert "1 recordings are in none of train.csv, val.csv and are left out" in data.notes[1]


def test_a_speaker_in_two_parts_is_refused(copy):
    with (copy / "val.csv").open("a") as table:
        lines = (copy / "train.csv").read_text().splitlines()
        (copy / "train.csv").write_text("\n".join(lines[:-1]) + "\n")
        table.write(lines[-1] + "\n")
    assert "the speaker '00000006' is in both the train part and the test part" in refusal(copy)


def test_a_folder_without_tables_or_without_speakers_for_the_test_is_refused(copy):
    (copy / "val.csv").unlink()
    assert "has no recording that val.csv or test.csv names; speakers for the test are wanted" in refusal(copy)
    (copy / "train.csv").unlink()
    assert f"{copy} has no train.csv; dataset/<word>/<speaker>_NO_<round>.wav" in refusal(copy)


def test_a_test_table_alone_is_the_test_part(whole):
    (whole / "val.csv").unlink()
    data = read(whole)
    assert (data.validation, who(data.test)) == (None, {"03": 4, "04": 4})
    assert "the speakers of test.csv are the test part" in data.notes[0]


def test_a_broken_recording_is_refused_or_left_out_and_counted(copy):
    broken = sorted((copy / "dataset" / "zoom in").iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:300])
    assert broken.name in refusal(copy)
    data = read(copy, skip_bad=True)
    assert len(data.train) == 11
    assert "1 recordings can't be used and are left out" in data.notes[-1]


def test_the_environment_names_the_folder(copy, monkeypatch):
    with pytest.raises(InputError, match=f"asc needs the folder of its recordings.*{ROOT_VARIABLE}"):
        read()
    monkeypatch.setenv(ROOT_VARIABLE, str(copy))
    assert len(read().train) == 12


@pytest.mark.skipif(not REAL, reason=f"{ROOT_VARIABLE} names no folder of Arabic Speech Commands")
def test_the_real_set_has_40_words_of_every_speaker_and_the_config_s_validation_speakers():
    root = Path(REAL)
    parts, _, notes = by_lists(root, find_lists(root), Unusable())
    assert not notes
    words = {file.word for file in parts["train"]}
    assert len(words) == 40
    assert {"zoom in", "zoom out"} < words
    for part in parts.values():
        assert {file.word for file in part} == words
    speakers = {file.speaker for file in parts["train"]}
    held = set(load_config("asc").data.validation_speakers)
    assert len(held) == 3
    assert held < speakers
