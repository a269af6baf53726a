"""Writing figures to files."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from pipeline.data.atomic import write_atomically
from pipeline.pictures.style import defaults

DPI = 150
"""Resolution of PNG files in dots per inch."""


def save(figure: Figure, path: Path) -> None:
    """Write a figure as .png or .pdf, atomically; the same figure gives the same bytes."""
    buffer = io.BytesIO()
    kind = path.suffix.removeprefix(".")
    undated = {"png": {"Software": None}, "pdf": {"CreationDate": None}}[kind]
    with defaults():
        figure.savefig(buffer, format=kind, dpi=DPI, metadata=undated)
    write_atomically(path, [buffer.getbuffer()])
