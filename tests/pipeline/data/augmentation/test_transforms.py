import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.augmentation import blend, dilate_time, drop_events, jitter_channels, shift_channels
from pipeline.events import Events

CALLS = {
    "shift": lambda events, rng: shift_channels(events, rng, 40),
    "dilation": lambda events, rng: dilate_time(events, rng, 0.3),
    "jitter": lambda events, rng: jitter_channels(events, rng, 5.0),
    "drop": lambda events, rng: drop_events(events, rng, 0.3),
    "blend": lambda events, rng: blend(events, rng, made([1.0, 5.0, 9.0], [3, 350, 699])),
}


def made(times, units) -> Events:
    return Events(np.sort(np.asarray(times, dtype=np.float32)), np.asarray(units, dtype=np.uint16))


def many(n: int = 20_000, low: int = 200, high: int = 500, seed: int = 0) -> Events:
    rng = np.random.default_rng(seed)
    return made(rng.uniform(100, 800, n), rng.integers(low, high, n))


any_events = st.lists(
    st.tuples(st.floats(0, 1500, width=32), st.sampled_from([0, 1, 39, 350, 660, 698, 699])), max_size=30
).map(lambda pairs: made([t for t, _ in pairs], [u for _, u in pairs]))


@pytest.mark.parametrize("name", CALLS)
@given(any_events, st.integers(0, 2**32))
def test_every_augmentation_gives_new_events_in_order_and_in_range(name, events, seed):
    before = [part.tobytes() for part in events]
    new = CALLS[name](events, np.random.default_rng(seed))
    assert [part.tobytes() for part in events] == before
    assert not any(np.shares_memory(a, b) for a in new for b in events)
    assert new.times.dtype == np.float32
    assert new.units.dtype == np.uint16
    assert len(new.times) == len(new.units)
    assert (np.diff(new.times) >= 0).all()
    assert (new.times >= 0).all()
    assert (new.units < 700).all()
    again = CALLS[name](events, np.random.default_rng(seed))
    assert all(np.array_equal(a, b) for a, b in zip(new, again, strict=True))


@pytest.mark.parametrize("name", CALLS)
def test_inputs_that_may_not_be_written_to_are_accepted(name):
    events = many(100)
    for part in events:
        part.flags.writeable = False
    new = CALLS[name](events, np.random.default_rng(0))
    assert not any(np.shares_memory(mine, theirs) for mine, theirs in zip(new, events, strict=True))


def test_a_shift_moves_all_events_alike_and_takes_every_value_equally_often():
    events = many(50)
    rng = np.random.default_rng(0)
    moves = []
    for _ in range(3000):
        new = shift_channels(events, rng, 4)
        move = np.unique(new.units.astype(int) - events.units)
        assert len(move) == 1
        assert np.array_equal(new.times, events.times)
        moves.append(int(move[0]))
    values, counts = np.unique(moves, return_counts=True)
    assert values.tolist() == list(range(-4, 5))
    # 3000 draws of 9 values: each about 333 +- 17.
    assert np.abs(counts - 3000 / 9).max() < 5 * 17.2


@given(st.integers(1, 300), st.integers(0, 1000))
def test_a_shift_drops_exactly_the_events_that_leave(largest, seed):
    events = made(np.arange(700.0), np.arange(700))
    new = shift_channels(events, np.random.default_rng(seed), largest)
    lost = 700 - len(new.units)
    # The time identifies an event of the ladder; the kept events are the ladder, shifted as a whole.
    move = int(new.units[0]) - int(new.times[0])
    assert abs(move) == lost <= largest
    assert np.array_equal(new.units.astype(int), new.times.astype(int) + move)


def test_dilation_stretches_time_by_one_factor_within_its_range():
    events = many(2000)
    rng = np.random.default_rng(1)
    factors = []
    for _ in range(500):
        new = dilate_time(events, rng, 0.2)
        factor = new.times.astype(float) / events.times
        assert np.ptp(factor) < 1e-6
        assert np.array_equal(new.units, events.units)
        factors.append(factor.mean())
    assert min(factors) >= 0.8 - 1e-6
    assert max(factors) <= 1.2 + 1e-6
    assert min(factors) < 0.81
    assert max(factors) > 1.19
    # Mean of 500 uniform draws of width 0.4: standard error 0.0052.
    assert abs(np.mean(factors) - 1) < 5 * 0.0052


def test_jitter_moves_events_by_a_rounded_gaussian_of_its_own():
    events = many(40_000)
    new = jitter_channels(events, np.random.default_rng(2), 6.0)
    assert np.array_equal(new.times, events.times)
    moves = new.units.astype(int) - events.units
    assert abs(moves.mean()) < 5 * 6.0 / 200
    # Rounding to whole channels adds a variance of 1/12.
    assert abs(moves.std() / np.sqrt(36 + 1 / 12) - 1) < 5 / np.sqrt(2 * 40_000)
    assert abs(np.corrcoef(moves[1:], moves[:-1])[0, 1]) < 5 / 200
    assert abs((moves == 0).mean() - 0.0664) < 5 * np.sqrt(0.066 / 40_000)  # erf(1 / (12 sqrt 2))


def test_jitter_drops_what_leaves_at_either_end():
    edge = made(np.zeros(10_000), np.repeat([0, 699], 5000))
    new = jitter_channels(edge, np.random.default_rng(3), 5.0)
    # Half stay inside, and those that round to no move: 0.5 + 0.0398.
    for end in (new.units < 350, new.units > 350):
        assert abs(end.sum() / 5000 - 0.5398) < 5 * 0.5 / np.sqrt(5000)


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.9, 1.0])
def test_each_event_is_dropped_with_the_probability(probability):
    events = made(np.arange(40_000), np.arange(40_000) % 700)
    new = drop_events(events, np.random.default_rng(4), probability)
    share = 1 - len(new.times) / 40_000
    assert abs(share - probability) <= 5 * np.sqrt(probability * (1 - probability) / 40_000)
    # The times are the numbers of the events; they show that neighbours are dropped independently.
    assert np.array_equal(new.units, new.times.astype(int) % 700)
    kept = np.isin(np.arange(40_000), new.times.astype(int))
    if 0 < probability < 1:
        assert abs(np.corrcoef(kept[1:], kept[:-1])[0, 1]) < 5 / 200


def test_a_blend_brings_both_centres_of_mass_to_their_mean():
    a, b = many(20_000, 200, 300, seed=5), many(30_000, 380, 480, seed=6)
    b = Events(b.times + np.float32(60), b.units)
    new = blend(a, np.random.default_rng(7), b)
    # Half of the events of either.
    assert abs(len(new.times) - 25_000) < 5 * np.sqrt(50_000) / 2
    time = (a.times.mean(dtype=float) + b.times.mean(dtype=float)) / 2
    unit = (a.units.mean() + b.units.mean()) / 2
    error = 5 / np.sqrt(25_000)
    assert abs(new.times.mean(dtype=float) - time) < error * 700 / np.sqrt(12)
    assert abs(new.units.mean() - unit) < error * 100 / np.sqrt(12) + 0.5
    # Both were 100 channels wide and 700 ms long. Aligned, the blend is as narrow as each of them.
    assert np.ptp(new.units) <= 101
    assert abs(np.ptp(new.times) - 700) < 1.5


def test_a_blend_of_an_example_with_itself_is_a_thinning_of_it():
    events = made(np.arange(1000.0), np.arange(1000) % 700)
    new = blend(events, np.random.default_rng(8), events)
    values, counts = np.unique(new.times, return_counts=True)
    assert counts.max() == 2
    assert abs(len(values) - 750) < 5 * np.sqrt(1000 * 3 / 16)
    assert np.array_equal(new.units, new.times.astype(int) % 700)


def test_a_blend_keeps_each_events_channel_at_its_time():
    # Two lines in the plane of time and channel, parallel to each other: aligned, they are one line.
    a = made(np.arange(100.0, 300.0), np.arange(100, 300))
    b = made(np.arange(200.0, 400.0), np.arange(240, 440))
    new = blend(a, np.random.default_rng(9), b)
    assert np.array_equal(new.times - 150, new.units - np.float32(170))


def test_a_blend_drops_what_leaves_the_range_of_channels_or_comes_before_time_0():
    a = made([0.0, 0.0, 100.0], [699, 699, 699])
    b = made([0.0, 0.0, 0.0], [689, 689, 689])
    for seed in range(20):
        new = blend(a, np.random.default_rng(seed), b)
        # a goes 16.7 ms back and 5 channels down, b the other way round.
        assert set(new.units.tolist()) <= {694}
        assert (new.times >= 0).all()
        assert (np.abs(new.times - 83.33) < 0.01).sum() <= 1


def test_a_blend_with_an_empty_example_is_the_other_one():
    empty, events = made([], []), many(20)
    for pair in ((empty, events), (events, empty)):
        new = blend(pair[0], np.random.default_rng(0), pair[1])
        assert np.array_equal(new.times, events.times)
        assert not np.shares_memory(new.times, events.times)
