"""How the windows' networks learned, and what they take for what, from a committed study."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from pipeline.pictures import confusion
from pipeline.pictures.style import WIDTH, styled
from results.experiments.comparison.details import mean_curves
from results.figures.study import COLOURS
from results.tables.files import read_csv

PANELS = {"train": "loss", "validation": "accuracy"}


@styled
def learning_curves(path: Path) -> Figure:
    """Draw training loss and validation accuracy by epoch, a line a window, with 95 % intervals over seeds.

    Parameters
    ----------
    path : Path
        ``<plan>-curves.csv``; see `comparison.details.curves`.
    """
    curves = mean_curves(read_csv(path))
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    for axes, (split, column) in zip(figure.subplots(1, 2, sharex=True), PANELS.items(), strict=True):
        for window, part in curves[curves["split"] == split].groupby("variant", sort=False):
            colour = COLOURS[str(window)]
            axes.plot(part["epoch"], part[column], color=colour, label=window)
            between = (part[f"{column}_low"], part[f"{column}_high"])
            axes.fill_between(part["epoch"], *between, color=colour, alpha=0.2, linewidth=0)
        name = {"train": "training", "validation": "validation"}[split]
        axes.set(xlabel="epoch", ylabel=f"{name} {column}", ylim=(0, None))
        axes.grid(axis="y")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    figure.axes[0].set_ylabel("training loss (nats)")
    return figure


def taken_for(path: Path, window: str = "gaussian") -> Figure:
    """Draw what a window's networks take for what, all runs added up; see `pictures.confusion`.

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
