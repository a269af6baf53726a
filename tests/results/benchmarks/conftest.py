"""Sizes at which every benchmark runs in a moment."""

from __future__ import annotations

import pytest

from results.benchmarks.shd_shaped import Shape


@pytest.fixture
def tiny() -> Shape:
    return Shape(channels=40, hidden=20, classes=5, steps=120, batch=6, events=3000)
