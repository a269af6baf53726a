"""What interpolated spike times cost, on sizes that run in a moment."""

from __future__ import annotations

import pytest

from results.benchmarks import interpolated
from results.benchmarks.shd_shaped import Shape


def test_the_row_is_consistent(tiny: Shape) -> None:
    (row,) = interpolated.run(cases={"tiny": tiny}, repeats=3)
    assert row["case"] == "tiny"
    assert float(row["times_the_time_on_the_grid"]) > 0
    assert float(row["hidden_spikes"]) == pytest.approx(float(row["hidden_spikes_on_the_grid"]), rel=0.3)
