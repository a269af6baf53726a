"""Recordings that are there twice: said with both names, and never on both sides of a split."""

import logging
import shutil

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from pipeline.cochlea import BasilarMembrane, Cochlea
from pipeline.data.container import SpikeData, identity, known_in
from pipeline.data.datasets import load
from pipeline.data.packing import pack
from pipeline.data.splits import hold_out_speakers, leave_one_speaker_out, stratified_mixed_speakers
from pipeline.events import Events

FEW = Cochlea(membrane=BasilarMembrane(channels=16))


@pytest.fixture
def own(tmp_path):
    """A folder with split folders: two words, two speakers to learn from and one for the test."""
    root = tmp_path / "own"
    rng = np.random.default_rng(3)
    for split, speakers in (("train", ("ann", "bob")), ("test", ("cat",))):
        for word in ("up", "down"):
            for speaker in speakers:
                path = root / split / word / f"{speaker}_1.wav"
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, rng.normal(0, 0.1, 1600), 16000)
    return root


def read(root):
    return load("audio", root, ear=FEW, progress=False)


def test_a_recording_of_both_parts_is_in_the_test_part_only_and_both_names_are_said(own, caplog):
    copy, original = own / "train/up/bob_2.wav", own / "test/up/cat_1.wav"
    shutil.copy(original, copy)
    with caplog.at_level(logging.WARNING):
        data = read(own)
    assert len(data.train) == 4
    assert len(data.test) == 2
    assert not known_in(data.train.identities, data.test.identities).any()
    said = "own: 1 of 5 recordings of train are in test, too, and are left out of train"
    assert f"{said}: {copy} is the same as {original}." in caplog.text.replace("\n", "")


def test_a_recording_under_two_words_is_said_with_both(own, caplog):
    one, other = own / "train/up/bob_1.wav", own / "train/down/bob_7.wav"
    shutil.copy(one, other)
    with caplog.at_level(logging.WARNING):
        data = read(own)
    assert len(data.train) == 5
    assert f"own: 1 recording is there under several words: {other} (down) is the same as {one} (up)." in caplog.text


def test_a_part_of_nothing_but_copies_is_refused(own):
    shutil.rmtree(own / "train")
    shutil.copytree(own / "test", own / "train")
    with pytest.raises(InputError, match=r"all 2 recordings of train are in test, too: .*cat_1.wav is the same as"):
        read(own)


def test_copies_under_another_speakers_name_do_not_cross_the_speaker_split(tmp_path, caplog):
    root, rng = tmp_path / "words", np.random.default_rng(4)
    for word in ("up", "down"):
        (root / word).mkdir(parents=True)
        for speaker in ("ann", "bob", "cat", "dan"):
            soundfile.write(root / word / f"{speaker}_1.wav", rng.normal(0, 0.1, 1600), 16000)
    before = read(root)
    tested = before.test.speaker_names[before.test.speakers[0]]
    other = before.train.speaker_names[before.train.speakers[0]]
    shutil.copy(root / "up" / f"{tested}_1.wav", root / "up" / f"{other}_9.wav")
    with caplog.at_level(logging.WARNING):
        after = read(root)
    assert np.array_equal(after.train.identities, before.train.identities)
    assert f"1 of {len(before.train) + 1} recordings of train are in test" in caplog.text


def data_of(rows) -> SpikeData:
    """Return examples of a content, a speaker and a word each."""
    examples = [(np.array([float(content)]), np.array([content])) for content, _, _ in rows]
    speakers, words = [s for _, s, _ in rows], [w for _, _, w in rows]
    return pack(examples, words, speakers, ("a", "b"), ("ann", "bob", "cem"), source="made")


rows = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(0, 1)), min_size=2, max_size=30)


@given(rows)
def test_no_fold_learns_from_a_copy_of_what_it_is_scored_on(rows):
    data = data_of(rows)
    contents = np.array([content for content, _, _ in rows])
    for name in {data.speaker_names[i] for i in data.speakers}:
        mine = data.speakers == data.speaker_names.index(name)
        left = set(np.flatnonzero(~mine & ~np.isin(contents, contents[mine])))
        if not left:
            with pytest.raises(InputError):
                hold_out_speakers(data, [name])
            continue
        rest, held = hold_out_speakers(data, [name])
        assert set(held) == set(np.flatnonzero(mine))
        assert set(rest) == left


@given(rows, st.integers(0, 3))
def test_nor_does_validation_choose_by_what_was_learned(rows, seed):
    data = data_of(rows)
    contents = np.array([content for content, _, _ in rows])
    try:
        rest, held = stratified_mixed_speakers(data, 0.3, seed)
    except InputError as error:
        assert "Nothing is left to learn from" in str(error)  # noqa: PT017
        return
    assert not set(contents[rest]) & set(contents[held])
    assert set(contents[rest]) | set(contents[held]) == set(contents)


def test_folds_without_copies_say_nothing(caplog):
    data = data_of([(i, i % 3, i % 2) for i in range(10)])
    with caplog.at_level(logging.WARNING):
        folds = leave_one_speaker_out(data)
    assert [len(fold.rest) + len(fold.held) for fold in folds] == [10, 10, 10]
    assert not caplog.records


def test_identities_are_those_of_the_events_whatever_the_split(make_split):
    data = make_split(30)
    chosen = data.select([7, 3, 3])
    assert chosen.identities.tolist() == data.identities[[7, 3, 3]].tolist()
    assert len(set(data.identities.tolist())) == 30
    times, units = data.events(0)
    moved = Events(times, np.roll(units, 1))
    assert identity(moved) != identity(data.events(0)) == data.identities[0]


def test_of_examples_without_events_nothing_is_known():
    empty = (np.empty(0), np.empty(0, dtype=int))
    data = pack([empty, empty], [0, 1], [0, 1], ("a", "b"), ("ann", "bob"), source="made")
    assert data.identities.tolist() == [0, 0]
    assert not known_in(data.identities, data.identities).any()
