"""Signs that a training learns nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from models.losses.base import SoftmaxLoss
from pipeline.config import Config

EPOCHS = 5
"""Epochs after which a loss that has not moved from that of guessing is remarked on."""

NEAR = 0.005
"""Relative distance from the loss of guessing, ln(classes), within which a loss has not moved."""


def signs(config: Config, classes: int, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the last epoch of a run shows, one sentence each; none where it learns.

    Parameters
    ----------
    classes : int
        Number of classes.
    rows : sequence of mapping
        The metrics of all epochs, see `metrics.COLUMNS`.
    """
    trained = [row for row in rows if row["split"] == "train"]
    found = []
    if trained[-1]["silent"] == 1.0 and (len(trained) == 1 or trained[-2]["silent"] < 1.0):
        found.append(
            f"no hidden neuron fired in epoch {trained[-1]['epoch']}, so that nothing can be learned; the input may be "
            "too weak (network.initial.input.mean), or the words may lie beyond the trial's end (data.trial)"
        )
    guessing = math.log(classes)
    if (
        len(trained) == EPOCHS
        and isinstance(config.loss, SoftmaxLoss)
        and all(abs(row["loss"] - guessing) < NEAR * guessing for row in trained)
    ):
        found.append(
            f"after {EPOCHS} epochs the training loss is {trained[-1]['loss']:.4f}, still that of guessing "
            f"(ln {classes} = {guessing:.4f}); a greater loss.scale or training.learning_rate may help, "
            "or another data.trial"
        )
    return found
