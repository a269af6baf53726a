"""A space over the made-up words."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def words_space(words_config: Path, tmp_path: Path) -> Path:
    """A space whose points train in a second; two of its learning rates end in numbers that are none."""
    path = tmp_path / "words-space.toml"
    path.write_text(f"""
name = "words"
config = "{words_config}"
overrides = ["training.epochs=3"]
[budget]
points = 6
[search]
strategy = "sobol"
lease = 5.0
[parameters."network.hidden"]
kind = "integer"
low = 4
high = 24
[parameters."training.learning_rate"]
kind = "real"
low = 1e-3
high = 3e-2
scale = "log"
""")
    return path
