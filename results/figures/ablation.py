"""What each change of the default network does to accuracy, from the published ablation."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from pipeline.pictures.style import BLACK, WIDTH, styled
from results.figures.registry import figure
from results.figures.seeds import scores, seeds_and_means
from results.figures.speakers import DEFAULTS


@figure(
    "ablation",
    says="Change of accuracy by each change of the default network, paired by seed: one dot a seed, means with 95 % "
    "intervals over seeds.",
    needs=("ablation-fsdd-exponential-runs.csv",),
)
@styled
def by_variant(path: Path) -> Figure:
    """Draw each variant's accuracy minus that of the default network with the same seed, the greatest mean on top."""
    accuracies = scores(path).pivot_table("accuracy", "seed", "what", sort=False)
    changes = accuracies.drop(columns=DEFAULTS).sub(accuracies[DEFAULTS], axis=0).dropna(axis=1, how="all")
    order = list(changes.mean().sort_values(ascending=False).index)
    figure = Figure(figsize=(0.85 * WIDTH, 0.34 * len(order) + 0.9), layout="constrained")
    axes = figure.add_subplot()
    axes.axvline(0, color=BLACK, linewidth=0.8)
    table = changes.melt(value_name="change").dropna(subset="change")
    seeds_and_means(axes, table, order, "D", x="change", y="what")
    axes.set(xlabel="change of accuracy against the default network", ylabel="")
    return figure
