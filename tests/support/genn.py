"""The GeNN engine for tests, which are skipped where GeNN is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from event_nets import Drawn

from models.engines.genn.available import missing
from models.losses import Loss

if TYPE_CHECKING:
    from models.engines.genn.engine import GennEngine

needs_genn = [
    pytest.mark.genn,
    pytest.mark.skipif(missing() is not None, reason="GeNN and mlGeNN are not installed"),
]


@contextmanager
def on_genn(
    drawn: Drawn, loss: Loss, dt: float = 1.0, pipelined: bool | None = None, **settings: Any
) -> Iterator[GennEngine]:
    """Yield the engine with a drawn network; one example runs at a time."""
    from models.engines.genn.engine import GennEngine

    engine = GennEngine(drawn.problem(loss, dt, **settings), drawn.weights, pipelined=pipelined)
    try:
        yield engine
    finally:
        engine.close()
