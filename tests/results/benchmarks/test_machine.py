"""What synaptic events ask for, and the machine's own rate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.batch import SpikeBatch
from results.benchmarks import machine
from results.benchmarks.axpy import Axpy
from results.benchmarks.shd_shaped import Shape


def test_additions_of_a_batch_made_by_hand() -> None:
    batch = SpikeBatch(
        np.array([0, 0, 3, 1, 2], dtype=np.int32),
        np.array([0, 2, 1, 2, 0], dtype=np.int32),
        np.array([0, 3, 5]),
        np.array([0, 1]),
    )
    shape = Shape(channels=3, hidden=4, classes=2, steps=8, batch=2)
    # Three hidden spikes: 5 + 3 rows of 4 and 3 rows of 2, once forward and once backward.
    assert machine.additions(shape, batch, 3) == 2 * (8 * 4 + 3 * 2)
    assert machine.additions(replace(shape, recurrent=False), batch, 3) == 2 * (5 * 4 + 3 * 2)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_bare_loop_adds_what_it_says(threads: int) -> None:
    bare = Axpy(50, 24, 101, threads)
    assert bare.additions == 101 // bare.threads * bare.threads * 24
    assert bare.seconds() > 0
    expected = np.stack([bare._matrix[rows].sum(axis=0) for rows in bare._rows]) * np.float32(1e-6)
    np.testing.assert_allclose(bare._sums[:, :24], expected, rtol=1e-5)


def test_rows_are_consistent(tiny: Shape) -> None:
    one, two, both, forward, backward = machine.run(cases={"tiny": tiny}, repeats=1)
    for row in (one, two):
        wanted = float(row["billions_a_second"]) * float(row["ms_an_example"])
        bare = float(row["billions_a_second_bare"])
        assert float(row["times_the_bare_rate"]) == pytest.approx(float(row["billions_a_second"]) / bare)
        spikes = round(float(row["hidden_spikes"]) * tiny.batch * tiny.hidden)
        assert wanted * 1e6 * tiny.batch == pytest.approx(machine.additions(tiny, tiny.batches(1)[0], spikes))
    assert both["times_faster_than_1"] == pytest.approx(
        float(both["ms_an_example_on_1"]) / float(both["ms_an_example_on_2"])
    )
    assert both["ms_an_example_on_1"] == one["ms_an_example"]
    # The backward pass is a difference of two times, which on a busy machine can be below 0.
    assert float(forward["share_of_both_passes"]) > 0
    assert float(forward["share_of_both_passes"]) + float(backward["share_of_both_passes"]) == pytest.approx(1)


def test_a_fit_finds_the_costs_that_it_was_made_of() -> None:
    counts = np.array([[1000, 8000, 3500], [1000, 4000, 3500], [2000, 8000, 3500], [1000, 8000, 0]], dtype=float)
    row = machine._fitted(counts, counts @ [100e-9, 20e-9, 50e-9], 1e-3)
    assert row["ns_by_step"] == pytest.approx(100)
    assert row["ns_by_input_spike"] == pytest.approx(20)
    assert row["ns_by_hidden_spike"] == pytest.approx(50)
    shares = [float(row[f"share_of_{what}s"]) for what in ("step", "input_spike", "hidden_spike")]
    assert sum(shares) == pytest.approx(1)
    assert "off by at most 0%" in str(row["note"])
