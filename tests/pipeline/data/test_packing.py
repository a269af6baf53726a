import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from pipeline.data.container import SpikeData
from pipeline.data.packing import pack

NAN, INF = float("nan"), float("inf")


def packed(examples, labels=None, speakers=None, **options) -> SpikeData:
    n = len(examples)
    labels = [0] * n if labels is None else labels
    speakers = [0] * n if speakers is None else speakers
    return pack(examples, labels, speakers, ["a", "b"], ["x", "y"], source="here.h5", **options)


event = st.tuples(
    st.one_of(st.floats(-50, 1000, width=32), st.sampled_from([NAN, INF, -INF, 3.0])), st.integers(-3, 720)
)


@given(st.lists(st.lists(event, max_size=12), max_size=6))
def test_packing_equals_filtering_and_sorting_each_example_in_plain_python(examples):
    data = packed([([t for t, _ in events], [u for _, u in events]) for events in examples])

    bad = {"not_finite": 0, "negative": 0, "unit_out_of_range": 0}
    unsorted = 0
    for i, events in enumerate(examples):
        good = []
        for time, unit in events:
            if not np.isfinite(time):
                bad["not_finite"] += 1
            elif time < 0:
                bad["negative"] += 1
            elif not 0 <= unit < 700:
                bad["unit_out_of_range"] += 1
            else:
                good.append((time, unit))
        ordered = sorted(good, key=lambda pair: pair[0])  # Python's sort is stable
        unsorted += ordered != good
        assert data.events(i).times.tolist() == [t for t, _ in ordered]
        assert data.events(i).units.tolist() == [u for _, u in ordered]
    assert {name: getattr(data.drops, name) for name in bad} == bad
    # A permutation of equal times is no disorder, so the two counts agree.
    assert data.drops.examples_sorted == unsorted
    assert len(data) == len(examples)


def test_an_example_that_begins_before_the_last_one_ended_is_not_unsorted():
    data = packed([([1.0, 9.0], [5, 6]), ([2.0, 3.0], [7, 8])])
    assert data.drops.examples_sorted == 0
    assert data.times.tolist() == [1.0, 9.0, 2.0, 3.0]


def test_more_examples_than_are_cleaned_at_once_keep_their_order():
    examples = (([float(i), i + 0.5], [i % 700, 1]) for i in range(3000))
    zeros = np.zeros(3000, dtype=int)
    data = pack(examples, zeros, zeros, ["a"], ["x"], source="here")
    assert len(data) == 3000
    assert data.times[::2].tolist() == list(range(3000))
    assert data.units[::2].tolist() == [i % 700 for i in range(3000)]


def test_what_was_given_is_not_touched_nor_shared():
    times, units = np.array([3.0, 1.0], dtype=np.float32), np.array([1, 2], dtype=np.uint16)
    data = packed([(times, units)])
    assert times.tolist() == [3.0, 1.0]
    assert units.tolist() == [1, 2]
    assert not np.shares_memory(data.units, units)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64])
def test_any_integer_type_of_units_is_taken(kind):
    data = packed([(np.array([1.0, 2.0]), np.array([3, 100], dtype=kind))])
    assert data.units.tolist() == [3, 100]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"labels": [0, 2]}, ["here.h5", "example 1", "2", "0 to 1"]),
        ({"labels": [-1, 0]}, ["here.h5", "example 0", "-1"]),
        ({"labels": [0.5, 0.0]}, ["here.h5", "float64"]),
        ({"labels": [0]}, ["here.h5", "2 examples", "1 labels"]),
        ({"speakers": [0, 7]}, ["here.h5", "example 1", "7", "2 speakers"]),
        ({"speakers": [0]}, ["here.h5", "1 speakers"]),
    ],
)
def test_wrong_labels_and_speakers_are_refused_in_one_sentence(arguments, words):
    with pytest.raises(InputError) as error:
        packed([([1.0], [1]), ([2.0], [2])], **arguments)
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("classes", "speakers", "what"), [("aba", "xy", "class 'a'"), ("ab", "xyy", "speaker 'y'")])
def test_a_name_that_is_there_twice_is_refused(classes, speakers, what):
    with pytest.raises(InputError, match=f"here.h5 names the {what} twice"):
        pack([([1.0], [1])], [0], [0], list(classes), list(speakers), source="here.h5")


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="example 1 has 2 times and 1 units"):
        packed([([1.0], [1]), ([1.0, 2.0], [1])])
    with pytest.raises(InputError, match="example 0 are of type float64"):
        packed([([1.0], [1.5])])
