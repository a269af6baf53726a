"""Tests that need PyTorch, an extra of the project."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest


def needs_torch(test: Callable[..., Any]) -> Any:
    """Mark a test that needs PyTorch; it is skipped, saying so, without."""
    missing = importlib.util.find_spec("torch") is None
    return pytest.mark.torch(pytest.mark.skipif(missing, reason="PyTorch is not installed")(test))
