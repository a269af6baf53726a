"""Figures to files."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from pipeline.data.atomic import write_atomically

DPI = 150


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, whole or not at all; the same figure gives the same bytes.

    Parameters
    ----------
    figure : Figure
    path : Path
        Its folder is made if need be.
    """
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    write_atomically(path, [buffer.getbuffer()])
