"""Small times: a single example, a new process, what an epoch takes besides the engine."""

from __future__ import annotations

import numpy as np
import pytest

from results.benchmarks import epoch, latency, startup
from results.benchmarks.shd_shaped import CASES, Shape


def test_latency_is_beside_the_length_of_the_example(tiny: Shape) -> None:
    (row,) = latency.run(cases={"tiny": tiny}, calls=20)
    assert 0 < float(row["ms_median"]) <= float(row["ms_99th_percentile"])
    assert row["times_faster_than_real_time"] == pytest.approx(120 / float(row["ms_median"]))
    assert float(row["hidden_spikes"]) > 1
    assert "20 calls" in str(row["note"])


def test_a_process_says_what_its_start_was_made_of(tiny: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CASES, "tiny", tiny)
    (row,) = startup.run(quick=True, case="tiny")
    parts = float(row["seconds_of_imports"]) + float(row["seconds_of_the_first_batch"])
    assert row["seconds"] == pytest.approx(parts)
    assert row["times_2_s"] == pytest.approx(parts / 2)


def test_an_epoch_is_beside_the_engine_alone(tiny: Shape) -> None:
    (row,) = epoch.run(shape=tiny, case="tiny", examples=12, repeats=1)
    ratio = float(row["seconds"]) / float(row["seconds_of_the_engine_alone"])
    assert row["times_the_engine_alone"] == pytest.approx(ratio)
    assert row["times_wanted"] == 1.1


def test_random_events_are_as_the_container_wants_them(tiny: Shape) -> None:
    data = epoch.random_events(tiny, 3)
    assert len(data) == 3
    assert data.units.max() < 40
    for i in range(3):
        times = data.events(i).times
        assert len(times) == 3000
        assert np.all(np.diff(times) >= 0)
        assert 0 <= times[0] < times[-1] < 120
