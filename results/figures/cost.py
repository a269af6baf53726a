"""What training costs by the trial's length, from a committed benchmark."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

from results.benchmarks.length import draw


def by_length(path: Path) -> Figure:
    """Draw time and memory by the trial's length; see `benchmarks.length_plot`.

    Parameters
    ----------
    path : Path
        ``length.json`` of `make bench`.
    """
    return draw(json.loads(path.read_text(encoding="utf-8"))["rows"])
