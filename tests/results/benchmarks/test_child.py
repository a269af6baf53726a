"""Measuring in a process of its own."""

from __future__ import annotations

import numpy as np
import pytest

from results.benchmarks.child import in_child, measured


def test_the_peak_is_what_the_work_added_and_gave_back() -> None:
    def fill(megabytes: int) -> float:
        return float(np.ones(megabytes * 125_000).sum() / 125_000)

    row = measured(fill, [40, 80, 40])
    assert 70 < row["megabytes"] < 110
    assert row["mean"] == pytest.approx(160 / 3)
    assert row["seconds"] > 0


def test_a_child_that_fails_is_quoted() -> None:
    with pytest.raises(RuntimeError, match=r"results\.benchmarks\.torch_peer ended with 1: .*unexpected keyword"):
        in_child("results.benchmarks.torch_peer", shape={}, nonsense=1)
