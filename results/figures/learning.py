"""Learning curves of a published study."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from pipeline.pictures.style import WIDTH, styled
from results.experiments.comparison.details import mean_curves
from results.figures.registry import figure
from results.figures.study import COLOURS
from results.tables.files import read_csv

PANELS = {("train", "loss"): "training loss (nats)", ("validation", "accuracy"): "validation accuracy"}


@figure(
    "learning",
    says="Training loss and validation accuracy by epoch under four readout windows, means with 95 % intervals over "
    "seeds.",
    needs=("study/fsdd-index-curves.csv",),
)
@styled
def learning_curves(path: Path) -> Figure:
    """Draw training loss and validation accuracy by epoch, one line a window, with 95 % intervals over seeds.

    Parameters
    ----------
    path : Path
        ``<plan>-curves.csv``; see `comparison.details.curves`.
    """
    curves = mean_curves(read_csv(path))
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    for axes, ((split, column), label) in zip(figure.subplots(1, 2, sharex=True), PANELS.items(), strict=True):
        for window, part in curves[curves["split"] == split].groupby("variant", sort=False):
            colour = COLOURS[str(window)]
            axes.plot(part["epoch"], part[column], color=colour, label=window)
            ends = (part[f"{column}_low"], part[f"{column}_high"])
            axes.fill_between(part["epoch"], *ends, color=colour, alpha=0.2, linewidth=0)
        axes.set(xlabel="epoch", ylabel=label, ylim=(0, None))
        axes.grid(axis="y")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure
