"""All figures by name, and drawing them to files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from models.errors import InputError, nearest
from pipeline.console import Console
from pipeline.pictures.save import save
from results.figures.registry import registered
from results.paths import FIGURES, PUBLISHED

DRAWINGS = registered(
    (
        "neurons",
        "membrane",
        "networks",
        "descent",
        "eventprop",
        "windows",
        "early_and_late",
        "seeds",
        "study",
        "searches",
        "length",
        "methods",
        "methods_length",
    )
)
"""The figures that these modules register."""


def draw(
    names: Sequence[str], console: Console, folder: Path = FIGURES, published: Path = PUBLISHED
) -> dict[str, Path]:
    """Draw figures, each as PNG and PDF; return the PNGs by name. The console names the files.

    Without names, all are drawn, except those whose published results are missing; the console names these.

    Raises
    ------
    InputError
        If there is no figure of a name, or a published result that it needs is missing.
    """
    for name in names:
        if name not in DRAWINGS:
            raise InputError(f"there is no figure {name}; did you mean {nearest(name, DRAWINGS)}?")
    made = {}
    for name in names or DRAWINGS:
        drawing = DRAWINGS[name]
        needs, beside = ([published / path for path in paths] for paths in (drawing.needs, drawing.beside))
        missing = next((path for path in [*needs, *beside] if not path.is_file()), None)
        if missing is not None:
            lacks = f"the figure {name} is drawn from {missing}, which is missing"
            if names:
                raise InputError(lacks)
            console.print(f"left out: {lacks}")
            continue
        figure = drawing.draw(*needs)
        for ending in ("pdf", "png"):
            save(figure, folder / f"{name}.{ending}")
        made[name] = folder / f"{name}.png"
        console.print(str(made[name]))
    return made
