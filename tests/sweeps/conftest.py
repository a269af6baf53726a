"""A space over the made-up words."""

from __future__ import annotations

from pathlib import Path

import forked
import pytest

from sweeps import runner, workers


@pytest.fixture(autouse=True)
def workers_that_begin_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are forked from a server that has imported the project, instead of spawned."""
    for module in (runner, workers):
        monkeypatch.setattr(module, "SPAWN", forked.CONTEXT)


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
