"""Confusion matrices of a published study."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from pipeline.pictures import confusion
from results.figures.registry import figure
from results.tables.files import read_csv


def confusion_matrix(path: Path, window: str = "gaussian") -> Figure:
    """Draw a window's confusion matrix, all runs added up; see `pipeline.pictures.confusion`.

    Parameters
    ----------
    path : Path
        ``<plan>-confusion.csv``; see `comparison.details.confusion`.
    window : str
    """
    cells = read_csv(path, ("spoken", "answer"))
    own = cells[cells["variant"] == window]
    classes = list(dict.fromkeys(own["spoken"]))
    total = own.pivot_table("examples", "spoken", "answer", "sum", fill_value=0)
    counts = total.reindex(index=classes, columns=classes, fill_value=0)
    return confusion.confusion(counts.to_numpy(), classes)


for _window in ("gaussian", "exponential"):
    figure(
        f"confusion-{_window}",
        says=f"Confusion matrix of spoken digits under the {_window} window, ten seeds added up.",
        needs=("study/fsdd-index-confusion.csv",),
        window=_window,
    )(confusion_matrix)
