"""Lists in a folder make its split; what they leave out, or name in vain, is counted."""

import contextlib
import logging
import os
import tempfile
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from pipeline.cochlea import BasilarMembrane, Cochlea
from pipeline.data.datasets import load
from pipeline.data.datasets.split_lists import by_lists, find_lists
from pipeline.data.unusable import Unusable

FEW = Cochlea(membrane=BasilarMembrane(channels=16))
SPEAKERS = ("ann", "bob", "cat", "dan")
ASC = os.environ.get("SPOKEN_SPIKES_ASC")


def record(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(list(str(path).encode())).normal(0, 0.1, 800)
    soundfile.write(path, noise, 8000)


def read(root, **options):
    return load("audio", root, ear=FEW, progress=False, **options)


def refusal(root, **options):
    with pytest.raises(InputError) as caught:
        read(root, **options)
    return str(caught.value)


def who(part):
    return {part.speaker_names[i] for i in part.speakers}


@pytest.fixture
def commands(tmp_path):
    """Return a folder as Speech Commands has it, whose lists hold dan out for the test and cat for validation."""
    root = tmp_path / "commands"
    for word in ("yes", "no"):
        for speaker in SPEAKERS:
            for number in range(2):
                record(root / word / f"{speaker}_nohash_{number}.wav")
    for name, speaker in (("testing_list.txt", "dan"), ("validation_list.txt", "cat")):
        lines = [f"{word}/{speaker}_nohash_{number}.wav\n" for word in ("yes", "no") for number in range(2)]
        (root / name).write_text("".join(lines))
    return root


@pytest.fixture
def tables(tmp_path):
    """Return a folder as Arabic Speech Commands has it: tables of the files below a folder, none for the test."""
    root = tmp_path / "tables"
    rows = {"train.csv": ["file,class"], "val.csv": ["file,class"]}
    for word in ("zoom in", "up"):
        for speaker in SPEAKERS:
            record(root / "dataset" / word / f"{speaker}_NO_01.flac")
            row = f"dataset/{word}/{speaker}_NO_01.flac,{word}"
            rows["val.csv" if speaker == "cat" else "train.csv"].append(row)
    for name, lines in rows.items():
        (root / name).write_text("\n".join(lines) + "\n")
    return root


def test_lists_of_speech_commands(commands):
    data = read(commands)
    assert (who(data.train), who(data.validation), who(data.test)) == ({"ann", "bob"}, {"cat"}, {"dan"})
    assert (len(data.train), len(data.validation), len(data.test)) == (8, 4, 4)
    assert data.notes == (
        f"{commands}: split by testing_list.txt and validation_list.txt, and what they do not name is for training.",
    )


def test_a_testing_list_alone(commands):
    (commands / "validation_list.txt").unlink()
    data = read(commands)
    assert (who(data.train), data.validation, who(data.test)) == ({"ann", "bob", "cat"}, None, {"dan"})


def test_a_validation_list_alone(commands):
    (commands / "testing_list.txt").unlink()
    data = read(commands)
    assert who(data.validation) == {"cat"}
    assert who(data.train) | who(data.test) == {"ann", "bob", "dan"}
    assert not who(data.train) & who(data.test)
    assert "split by validation_list.txt" in data.notes[0]
    assert "held out for the test part, by a hash of their names: 2 of 3 speakers" in data.notes[0]


def test_lists_of_the_whole_set_in_a_folder_of_some_of_its_words(commands):
    for name in ("testing_list.txt", "validation_list.txt"):
        with (commands / name).open("a") as file:
            file.write("left/0132a06d_nohash_0.wav\nleft/0132a06d_nohash_1.wav\n")
    data = read(commands)
    assert (len(data.train), len(data.validation), len(data.test)) == (8, 4, 4)
    names = "names 2 recordings that are not there (of 6), for example left/0132a06d_nohash_0.wav"
    assert [names in note for note in data.notes] == [False, True, True]


def test_a_list_of_recordings_that_are_all_elsewhere_makes_no_part(commands):
    (commands / "testing_list.txt").write_text("left/0132a06d_nohash_0.wav\n")
    data = read(commands)
    assert who(data.validation) == {"cat"}
    assert who(data.train) | who(data.test) == {"ann", "bob", "dan"}
    assert "held out for the test part" in data.notes[0]
    assert "names 1 recordings that are not there (of 1)" in data.notes[1]


@pytest.mark.parametrize(
    "change", [lambda s: "\ufeff" + s, lambda s: s.replace("/", "\\"), lambda s: s.replace("\n", "\r\n")]
)
def test_lists_from_other_systems(commands, change):
    for name in ("testing_list.txt", "validation_list.txt"):
        path = commands / name
        path.write_bytes(change(path.read_text()).encode())
    data = read(commands)
    assert (who(data.validation), who(data.test), len(data.notes)) == ({"cat"}, {"dan"}, 1)


def test_lists_and_files_may_differ_in_unicode_form(tmp_path):
    for word in ("fünf", "drei"):
        for speaker in ("Zoë", "ann"):
            record(tmp_path / unicodedata.normalize("NFD", word) / unicodedata.normalize("NFD", f"{speaker}_1.wav"))
    (tmp_path / "testing_list.txt").write_text("fünf/Zoë_1.wav\ndrei/Zoë_1.wav\n", encoding="utf-8")
    assert who(read(tmp_path).test) == {"Zoë"}


def test_a_speaker_on_both_sides_of_a_list_is_told_of(commands, caplog):
    (commands / "testing_list.txt").write_text("yes/dan_nohash_0.wav\n")
    with caplog.at_level(logging.WARNING):
        read(commands)
    assert "1 speakers are in both train and test, for example dan" in caplog.text


def test_a_recording_in_two_lists_is_refused(commands):
    (commands / "validation_list.txt").write_text("yes/dan_nohash_0.wav\n")
    message = refusal(commands)
    assert (
        "dan_nohash_0.wav is in two lists or classes: testing_list.txt, line 1, and validation_list.txt, line 1"
        in message
    )


def test_tables(tables):
    data = read(tables)
    assert data.train.classes == ("up", "zoom in")
    assert who(data.validation) == {"cat"}
    assert who(data.train) | who(data.test) == {"ann", "bob", "dan"}
    assert not who(data.train) & who(data.test)
    assert data.notes[0].startswith(f"{tables}: split by train.csv and val.csv; held out for the test part")


def test_tables_with_a_test_part_and_recordings_in_none(tables):
    (tables / "test.csv").write_text("class,file,remark\nup,dataset/up/eve_NO_01.flac,x\n")
    record(tables / "dataset" / "up" / "eve_NO_01.flac")
    record(tables / "dataset" / "up" / "eve_NO_02.flac")
    (tables / "dataset" / "up" / "notes.txt").touch()
    data = read(tables)
    assert (len(data.train), len(data.validation), len(data.test)) == (6, 2, 1)
    assert data.notes[1].startswith("1 recordings are in none of train.csv, val.csv, test.csv and are left out")
    assert "eve_NO_02.flac" in data.notes[1]


def test_the_table_and_not_the_folder_names_the_class(tables):
    text = (tables / "train.csv").read_text().replace(",zoom in", ",closer").replace(",up", ",farther")
    (tables / "train.csv").write_text(text)
    (tables / "val.csv").unlink()
    assert read(tables).train.classes == ("closer", "farther")


def test_a_table_leads_nowhere_outside_the_folder(tables, tmp_path):
    for speaker in ("eve", "fay"):
        record(tmp_path / "elsewhere" / f"{speaker}_1.wav")
    with (tables / "train.csv").open("a") as file:
        file.write(f"../elsewhere/eve_1.wav,up\n{tmp_path}/elsewhere/fay_1.wav,up\n")
    data = read(tables)
    assert not {"eve", "fay"} & set(data.train.speaker_names)
    assert "train.csv names 2 recordings that are not there" in data.notes[1]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (
            "train.csv",
            "path,label\na,b\n",
            "train.csv has no column 'file', file,class are wanted (found: path, label)",
        ),
        ("train.csv", "", "has no column 'file', file,class are wanted (found: none)"),
        ("train.csv", "file,class\ndataset/up/ann_NO_01.flac\n", "train.csv, line 2: a file and a class are wanted"),
        ("train.csv", "file,class\nnowhere/ann_1.wav,up\n", "has no recording for training, by train.csv and val.csv"),
        ("train.csv", b"file,class\n\xff\xfe", "train.csv is not in UTF-8"),
        ("train.csv", "f" * 200_000 + ",class\n", "train.csv is no CSV after line 0: field larger than field limit"),
        (
            "train.csv",
            "file,class\n" + "f" * 200_000,
            "train.csv is no CSV after line 1: field larger than field limit",
        ),
        ("valid.csv", "file,class\n", "has val.csv and valid.csv, which name one part"),
        ("testing_list.txt", "up/ann_1.wav\n", "has testing_list.txt and train.csv, one kind of lists is wanted"),
        ("test.csv", "file,class\ndataset/up/ann_NO_01.flac,up\n", "is in two lists or classes"),
    ],
)
def test_lists_that_do_not_do(tables, name, text, says):
    (tables / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert says in refusal(tables)


@given(st.binary(max_size=300) | st.text('file,class\n"\r;/.\\ upann_NO01lac', max_size=200).map(str.encode))
def test_anything_in_a_list_is_read_or_refused(content):
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "train.csv").write_bytes(b"file,class\n" + content)
        (root / "testing_list.txt").write_bytes(content)
        for lists in ({"train.csv": "train"}, {"testing_list.txt": "test"}):
            (root / "up").mkdir(exist_ok=True)
            (root / "up" / "ann_NO_01.flac").touch()
            with contextlib.suppress(InputError):
                parts, _, _ = by_lists(root, lists, Unusable())
                assert all(file.path.parent == root / "up" for part in parts.values() for file in part)


def test_a_table_without_one_for_training(tables):
    (tables / "train.csv").unlink()
    assert "has val.csv and no train.csv" in refusal(tables)


def test_lists_beside_split_folders_are_refused(tmp_path):
    for part, speaker in (("train", "ann"), ("test", "bob")):
        for word in ("yes", "no"):
            record(tmp_path / part / word / f"{speaker}_1.wav")
    (tmp_path / "testing_list.txt").write_text("yes/ann_1.wav\n")
    assert "has the folders train, test and also testing_list.txt" in refusal(tmp_path)


def test_links_to_folders_are_followed_but_not_in_circles(tables):
    (tables / "dataset" / "up").rename(tables.parent / "up")
    (tables / "dataset" / "up").symlink_to(tables.parent / "up", target_is_directory=True)
    (tables / "dataset" / "back").symlink_to(tables, target_is_directory=True)
    assert read(tables).train.classes == ("up", "zoom in")


@pytest.mark.skipif(not ASC, reason="SPOKEN_SPIKES_ASC names no folder of Arabic Speech Commands")
def test_arabic_speech_commands_have_their_own_split():
    root = Path(ASC)
    parts, rule, notes = by_lists(root, find_lists(root), Unusable())
    speakers = {part: {file.speaker for file in files} for part, files in parts.items()}
    assert not speakers["train"] & speakers["validation"]
    assert (len(speakers["train"]), len(speakers["validation"])) >= (18, 6)
    assert rule.startswith("split by train.csv and ")
    assert not notes
