"""Scores and answers as tables of a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.console import Table
from pipeline.evaluation.evaluate import Evaluation

if TYPE_CHECKING:
    from pipeline.evaluation.classify import Classification


def evaluation_table(result: Evaluation, activity: str) -> Table:
    """Return the accuracy by speaker and of all, with what an evaluation counts besides; see `Engine.activity`."""
    table = Table(title=f"{result.split}, weights of epoch {result.epoch}")
    for column in ("speaker", "accuracy", "95 % interval"):
        table.add_column(column, justify="left" if column == "speaker" else "right")
    for speaker, value in result.speakers.items():
        table.add_row(speaker, f"{value:.3f}", "")
    table.add_section()
    table.add_row(
        f"all {result.examples}", f"{result.accuracy:.3f}", f"{result.low:.3f} .. {result.high:.3f}", style="bold"
    )
    caption = [f"loss {result.loss:.3f}, {activity}, {result.silent:.0%} of them silent"]
    caption.append(f"{result.beyond:.1%} of the input spikes beyond the trial's end")
    if result.left_out:
        caption.append(f"{result.left_out} examples left out, which the run has learned from")
    table.caption = "\n".join(caption)
    return table


def classification_table(result: Classification) -> Table:
    """Return the five most probable words."""
    table = Table()
    table.add_column("word")
    table.add_column("probability", justify="right")
    for word, probability in list(result.probabilities.items())[:5]:
        table.add_row(word, f"{probability:.3f}")
    return table
