"""Events beyond the trial's end: counted as the network's input drops them, and a trial that holds them is proposed."""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.batch import GUARD_STEPS, discretise
from models.errors import InputError
from pipeline.data.packing import pack
from pipeline.data.trial import ROUND, SHARE, beyond, check_trial, proposed


def made(rows):
    examples = [(np.sort(np.array(row, dtype=np.float32)), np.zeros(len(row), dtype=int)) for row in rows]
    return pack(examples, [0] * len(rows), [0] * len(rows), ("a", "b"), ("ann",), source="made")


trials = st.lists(st.lists(st.floats(0, 3000, width=32), max_size=40), min_size=1, max_size=6)


@given(trials, st.integers(10, 2000), st.sampled_from([0.5, 1.0, 2.0]))
def test_what_is_counted_is_what_the_input_drops(rows, trial, dt):
    data = made(rows)
    batch = discretise(data.times, data.units, data.offsets, data.labels, dt, round(trial / dt), data.channels)
    assert batch.beyond == beyond(data, trial, dt)
    assert batch.given == len(data.times)
    steps = np.floor(data.times.astype(np.float64) / dt)
    kept = len({(e, s) for e, s in zip(np.repeat(np.arange(len(data)), data.counts), steps, strict=True)
                if s < round(trial / dt) - GUARD_STEPS})  # fmt: skip
    assert len(batch.steps) == kept


@given(trials)
def test_the_proposed_trial_is_the_shortest_that_holds_what_it_says(rows):
    data = made(rows)
    trial, events = proposed(data), len(data.times)
    assert trial % ROUND == 0
    assert beyond(data, trial, 1.0) <= (1 - SHARE) * events
    shorter = trial - ROUND
    if events and shorter > GUARD_STEPS:
        assert np.count_nonzero(data.times > shorter - GUARD_STEPS - 1) >= max(1, (1 - SHARE) * events - 1)


def test_from_one_percent_on_it_is_said_and_most_is_refused(caplog):
    data = made([np.linspace(0, 1000, 1001)])
    with caplog.at_level(logging.WARNING):
        assert check_trial(data, 1100, 1.0, "the training part") == 0
        assert check_trial(data, 998, 1.0, "the training part") < 0.01
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        assert check_trial(data, 902, 1.0, "the training part") == pytest.approx(0.1, abs=0.002)
    assert "10.1% of the spikes of the training part lie beyond data.trial = 902 ms" in caplog.text
    assert "data.trial = 1000 would hold 99%" in caplog.text
    with pytest.raises(InputError, match=r"70\.\d% of the spikes .* data\.trial = 1000 would hold 99%"):
        check_trial(data, 300, 1.0, "the training part")
    assert check_trial(made([[]]), 300, 1.0, "nothing") == 0
