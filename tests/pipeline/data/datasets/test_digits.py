"""The digits data set: speakers, numbers of examples, and reproducibility from a seed."""

import numpy as np
import pytest

from models.errors import InputError
from pipeline.cochlea import BasilarMembrane, Cochlea
from pipeline.data.datasets import digits, load
from pipeline.data.voices import DIGITS_CLASSES, VOICES

FEW = Cochlea(membrane=BasilarMembrane(channels=16))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return the set with one utterance a word and voice, heard by 16 channels."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPOKEN_SPIKES_CACHE", str(tmp_path_factory.mktemp("cache")))
        return load("digits", utterances=1, ear=FEW, progress=False)


def test_ten_voices_train_and_two_others_test(small):
    held_out = {voice.name for voice in VOICES if voice.held_out}
    names = small.train.speaker_names
    assert names == small.test.speaker_names
    assert {names[i] for i in small.test.speakers} == held_out
    assert {names[i] for i in small.train.speakers} == {voice.name for voice in VOICES} - held_out


def test_every_voice_says_every_word_as_often(small):
    assert small.train.classes == small.test.classes == DIGITS_CLASSES
    for part, voices in ((small.train, 10), (small.test, 2)):
        table = np.zeros((12, 20), dtype=int)
        np.add.at(table, (part.speakers, part.labels), 1)
        assert sorted(table.sum(axis=1)) == [0] * (12 - voices) + [20] * voices
        assert table.max() == 1


def test_every_utterance_is_heard(small):
    for part in (small.train, small.test):
        assert part.counts.min() > 0
        assert part.times.max() < 1000
        assert part.drops.events == 0


def test_the_full_set_is_of_the_size_of_shd():
    assert 10_000 < digits.FULL * 12 * 20 < 10_500


def test_more_utterances_keep_the_first_ones():
    few, more = digits.spoken([VOICES[0]], 1, 0), digits.spoken([VOICES[0]], 3, 0)
    assert [u.key for u in more[::3]] == [u.key for u in few]
    assert len({u.key for u in more}) == 60


def test_another_seed_is_another_set():
    assert not {u.key for u in digits.spoken([VOICES[0]], 1, 0)} & {u.key for u in digits.spoken([VOICES[0]], 1, 1)}


@pytest.mark.parametrize("options", [{"utterances": 0}, {"seed": -1}])
def test_numbers_out_of_range(options):
    with pytest.raises(InputError, match="digits: utterances is"):
        load("digits", **options)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="takes no folder"):
        load("digits", tmp_path)
