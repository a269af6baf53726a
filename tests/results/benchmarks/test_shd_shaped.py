"""The synthetic data."""

from __future__ import annotations

import numpy as np
import pytest

from results.benchmarks.ours import engine
from results.benchmarks.shd_shaped import CASES, Shape


def test_synthetic_spikes_have_the_shape_asked_for(tiny: Shape) -> None:
    first, second = tiny.batches(2)
    for batch in (first, second):
        assert len(batch) == 6
        assert np.all(np.diff(batch.offsets) == 3000)
        assert batch.steps.max() < 118
        for b in range(6):
            at = slice(batch.offsets[b], batch.offsets[b + 1])
            assert np.all(np.diff(batch.steps[at].astype(np.int64) * 40 + batch.units[at]) > 0)
    assert not np.array_equal(first.units, second.units)
    assert Shape(steps=500, events=2000, busy=240).batches(1)[0].steps.max() < 240


def test_a_feed_forward_shape_has_no_recurrent_weights(tiny: Shape) -> None:
    assert set(Shape(recurrent=False).weights()) == {"input_hidden", "hidden_output"}
    assert set(tiny.weights()) == {"input_hidden", "hidden_hidden", "hidden_output"}


@pytest.mark.parametrize("case", CASES)
def test_hidden_neurons_of_every_case_spike_about_14_times(case: str) -> None:
    (batch,) = CASES[case].batches(1)
    counts = engine(CASES[case]).predict([batch]).hidden_counts
    assert counts.sum() / (len(batch) * len(counts)) == pytest.approx(14, rel=0.03)
