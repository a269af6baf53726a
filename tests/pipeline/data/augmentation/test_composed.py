from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from models.errors import InputError
from pipeline.data.augmentation import Augmentation, augmented

EVERYTHING = Augmentation(blend=0.5, dilation=0.1, shift=40, jitter=5.0, drop=0.1)


def content(data) -> bytes:
    arrays = (data.times, data.units, data.offsets, data.labels, data.speakers)
    return b"".join(part.tobytes() for part in arrays)


def test_a_hundred_epochs_leave_the_data_as_they_were(make_split):
    data = make_split()
    before = content(data)
    sizes = set()
    for epoch in range(100):
        sizes.add(len(augmented(data, EVERYTHING, 0, epoch, np.arange(len(data)))))
    assert content(data) == before
    assert sizes == {len(data)}  # and no epoch is larger than the one before


@pytest.mark.parametrize(
    "augmentation",
    [
        EVERYTHING,
        Augmentation(shift=40),
        Augmentation(blend=1.0),
        Augmentation(dilation=0.1),
        Augmentation(jitter=5.0),
        Augmentation(drop=0.1),
    ],
)
def test_draws_depend_on_seed_epoch_and_example_and_on_nothing_else(make_split, augmentation):
    data = make_split()
    order = np.random.default_rng(0).permutation(len(data))
    whole = augmented(data, augmentation, 3, 7, order)
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda i: augmented(data, augmentation, 3, 7, [i]), order))
    for place, one in enumerate(alone):
        assert np.array_equal(whole.events(place).times, one.times)
        assert np.array_equal(whole.events(place).units, one.units)
        assert whole.labels[place] == one.labels[0] == data.labels[order[place]]
        assert whole.speakers[place] == one.speakers[0] == data.speakers[order[place]]
    for seed, epoch in ((3, 8), (4, 7), (7, 3)):
        other = augmented(data, augmentation, seed, epoch, order)
        assert content(other) != content(whole)


def test_no_augmentation_gives_the_examples_themselves_in_arrays_of_their_own(make_split):
    data = make_split()
    assert not Augmentation()
    assert EVERYTHING
    batch = augmented(data, Augmentation(), 0, 0, [5, 2])
    assert content(batch) == content(data.select([5, 2]))
    assert not np.shares_memory(batch.times, data.times)
    event = Augmentation().apply(data, 5, np.random.default_rng(0))
    assert np.array_equal(event.times, data.events(5).times)
    assert not np.shares_memory(event.times, data.times)
    assert len(augmented(data, EVERYTHING, 0, 0, [])) == 0


def test_blends_are_of_one_class_and_of_the_other_examples(make_split):
    data = make_split(examples=12, classes=3)
    # All events of an example are on one channel, 4 from the next example's and far from those of other classes.
    # The events of a blend are then on the channel halfway between its two examples, which identifies them.
    channel = 4 * np.arange(12) + 200 * data.labels
    units = np.repeat(channel, data.counts)
    data = type(data)(**{**vars(data), "units": units.astype(np.uint16)})
    unblended = 0
    for epoch in range(60):
        batch = augmented(data, Augmentation(blend=0.5), 0, epoch, np.arange(12))
        for i in range(12):
            events = batch.events(i)
            assert (events.units // 200 == data.labels[i]).all()
            whole = np.array_equal(events.times, data.events(i).times)
            assert (events.units == channel[i]).all() if whole else (events.units != channel[i]).all()
            unblended += whole
    # 720 examples, each blended with probability one half, and never with itself.
    assert abs(unblended - 360) < 5 * np.sqrt(720) / 2


def test_the_only_example_of_a_class_is_blended_with_itself(make_split):
    data = make_split(examples=3, classes=3)
    batch = augmented(data, Augmentation(blend=1.0), 0, 0, [0, 1, 2])
    for i in range(3):
        assert set(batch.events(i).times.tolist()) <= set(data.events(i).times.tolist())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("blend", value) for value in (-0.1, 1.1, float("nan"))),
        *(("dilation", value) for value in (-0.1, 1.0)),
        *(("shift", value) for value in (-1, 0.5)),
        *(("jitter", value) for value in (-1.0, float("nan"), float("inf"))),
        *(("drop", value) for value in (-0.1, 1.1)),
    ],
)
def test_values_out_of_range_are_refused_by_name(field, value):
    with pytest.raises(InputError, match=rf"augmentation\.{field} is {value}; it must be"):
        Augmentation(**{field: value})
