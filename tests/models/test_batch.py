"""Input events on the grid, against a reference that sorts and deduplicates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from profiles import examples

from models.batch import SpikeBatch, discretise

CHANNELS, STEPS = 7, 20

# Few channels and coarse times, so that coincidences and ties are common.
event = st.tuples(
    st.one_of(st.integers(0, 100).map(lambda n: n / 4), st.floats(0, 30, width=32)), st.integers(0, CHANNELS - 1)
)
batches = st.lists(st.lists(event, max_size=30), min_size=1, max_size=4)


def pack(made: list[list[tuple[float, int]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ordered = [sorted(example, key=lambda e: e[0]) for example in made]
    flat = [e for example in ordered for e in example]
    return (
        np.array([t for t, _ in flat], dtype=np.float32),
        np.array([u for _, u in flat], dtype=np.uint16),
        np.cumsum([0, *(len(e) for e in ordered)]),
    )


def batch_of(made: list[list[tuple[float, int]]], dt: float, steps: int = STEPS) -> SpikeBatch:
    return discretise(*pack(made), np.arange(len(made)), dt, steps, CHANNELS)


@given(made=batches, dt=st.sampled_from([0.25, 0.5, 1.0, 2.0]))
@examples(200)
def test_it_is_the_set_of_floored_events_in_order_without_the_last_two_steps(
    made: list[list[tuple[float, int]]], dt: float
) -> None:
    batch = batch_of(made, dt)
    times, units, offsets = pack(made)
    for b in range(len(made)):
        at = slice(offsets[b], offsets[b + 1])
        steps = np.floor(times[at].astype(np.float64) / dt).astype(int)
        kept = steps < STEPS - 2
        keys = steps[kept] * CHANNELS + units[at][kept]
        first = np.sort(np.unique(keys, return_index=True)[1])
        found = slice(batch.offsets[b], batch.offsets[b + 1])
        np.testing.assert_array_equal(batch.steps[found], keys[first] // CHANNELS)
        np.testing.assert_array_equal(batch.units[found], keys[first] % CHANNELS)
    assert batch.offsets[-1] == len(batch.steps) == len(batch.units)
    assert len(batch) == len(made)


def test_a_time_just_below_a_step_stays_below_it() -> None:
    """In float32 the quotient would round up."""
    time = float(np.nextafter(np.float32(3.0), np.float32(0)))
    np.testing.assert_array_equal(batch_of([[(time, 0), (3.0, 0)]], 1.0).steps, [2, 3])


@pytest.mark.parametrize("time", [2.0**31, 5e9, 1e30])
def test_a_time_whose_step_no_integer_holds_is_beyond_the_trial(time: float) -> None:
    batch = batch_of([[(3.0, 0), (time, 5)], [(4.0, 1)]], 1.0)
    np.testing.assert_array_equal(batch.steps, [3, 4])
    np.testing.assert_array_equal(batch.units, [0, 1])


def test_examples_without_events_are_kept() -> None:
    batch = batch_of([[], [(1.0, 2)], []], 1.0)
    np.testing.assert_array_equal(batch.offsets, [0, 0, 1, 1])
    np.testing.assert_array_equal(batch.labels, [0, 1, 2])


def test_the_input_is_left_alone() -> None:
    times, units, offsets = pack([[(5.0, 1), (5.2, 0), (5.4, 1)]])
    before = times.copy(), units.copy()
    discretise(times, units, offsets, np.array([0]), 1.0, STEPS, CHANNELS)
    np.testing.assert_array_equal(times, before[0])
    np.testing.assert_array_equal(units, before[1])


@pytest.mark.parametrize("steps", [1, 2])
def test_a_trial_of_guard_steps_alone_has_no_events(steps: int) -> None:
    assert len(batch_of([[(0.0, 1)]], 1.0, steps).steps) == 0
