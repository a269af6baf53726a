"""Tests that need PyTorch, an extra of the project."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest

MARKS = (
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed"),
)
"""Of a test, or a set of parameters, that needs PyTorch: it is skipped, saying so, without."""


def needs_torch(test: Callable[..., Any]) -> Any:
    """Mark a test with `MARKS`."""
    for mark in MARKS:
        test = mark(test)
    return test
