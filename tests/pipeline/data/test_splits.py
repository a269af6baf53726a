import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from pipeline.data.packing import pack
from pipeline.data.splits import (
    hold_out_speakers,
    leave_one_speaker_out,
    present_speakers,
    stratified_mixed_speakers,
)

CLASSES = ("a", "b", "c")
NAMES = ("ann", "bob", "cem", "dan", "eve")


def made(labels, speakers):
    empty = (np.empty(0), np.empty(0, dtype=int))
    return pack([empty] * len(labels), labels, speakers, CLASSES, NAMES, source="made")


examples = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=60)
some_data = examples.map(lambda rows: made(*(list(column) for column in zip(*rows, strict=True))))


def is_partition(data, rest, held) -> bool:
    return np.array_equal(np.sort(np.concatenate([rest, held])), np.arange(len(data)))


@given(some_data)
def test_every_fold_splits_all_examples_and_its_speaker_is_on_one_side_only(data):
    if len(np.unique(data.speakers)) < 2:
        with pytest.raises(InputError, match="at least two speakers, the training part has 1"):
            leave_one_speaker_out(data)
        return
    folds = leave_one_speaker_out(data)
    assert [fold.speaker for fold in folds] == list(present_speakers(data))
    for fold in folds:
        assert is_partition(data, fold.rest, fold.held)
        assert {NAMES[i] for i in data.speakers[fold.held]} == {fold.speaker}
        assert fold.speaker not in {NAMES[i] for i in data.speakers[fold.rest]}
        assert len(fold.rest)
    # Every example is held out exactly once.
    assert np.array_equal(np.sort(np.concatenate([fold.held for fold in folds])), np.arange(len(data)))


@given(some_data, st.sets(st.sampled_from(NAMES)))
def test_held_out_speakers_do_not_leak(data, speakers):
    present = set(present_speakers(data))
    if not speakers or not speakers <= present or speakers == present:
        with pytest.raises(InputError):
            hold_out_speakers(data, sorted(speakers))
        return
    rest, held = hold_out_speakers(data, sorted(speakers))
    assert is_partition(data, rest, held)
    assert {NAMES[i] for i in data.speakers[held]} == speakers
    assert {NAMES[i] for i in data.speakers[rest]} == present - speakers
    assert set(present_speakers(data.select(rest))).isdisjoint(present_speakers(data.select(held)))


@given(some_data, st.floats(0.01, 0.99), st.integers(0, 2**31))
def test_a_stratified_split_takes_its_fraction_of_every_class(data, fraction, seed):
    rest, held = stratified_mixed_speakers(data, fraction, seed)
    assert is_partition(data, rest, held)
    for label in range(3):
        size = (data.labels == label).sum()
        taken = (data.labels[held] == label).sum()
        if size < 2:
            assert taken == 0
        else:
            assert 1 <= taken <= size - 1
            assert abs(taken - fraction * size) <= 1
    again = stratified_mixed_speakers(data, fraction, seed)
    assert np.array_equal(again[0], rest)
    assert np.array_equal(again[1], held)


def test_another_seed_gives_another_split_and_every_example_has_its_turn():
    data = made([0, 1, 2] * 20, [0, 1] * 30)
    splits = [stratified_mixed_speakers(data, 0.2, seed)[1] for seed in range(60)]
    assert len({tuple(held) for held in splits}) == 60
    times_held = np.bincount(np.concatenate(splits), minlength=60)
    # 60 draws with probability 0.2: 12 +- 3.1.
    assert abs(times_held - 12).max() < 5 * 3.1


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
def test_a_fraction_out_of_range_is_refused(fraction):
    with pytest.raises(InputError, match="fraction"):
        stratified_mixed_speakers(made([0, 0], [0, 1]), fraction, 0)


def test_a_misspelt_speaker_is_answered_with_the_nearest_name():
    data = made([0, 0, 0], [0, 1, 2])
    with pytest.raises(InputError, match="'bobb' has no examples here; did you mean 'bob'"):
        hold_out_speakers(data, ["bobb"])
    with pytest.raises(InputError, match="'dan' has no examples here"):
        hold_out_speakers(data, ["dan"])
