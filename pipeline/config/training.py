"""Sections about training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.base import NotNegative, Positive, Section
from pipeline.engine_choice import BackendName


class RegulariserConfig(Section):
    """Pull of the hidden firing rates."""

    strength: NotNegative = 0.0
    target: NotNegative = 14.0
    """Spikes an example and neuron."""
    lift: NotNegative = 0.0
    """Added to the weights from below of neurons silent for a whole epoch; split among a delay line's copies."""


class TrainingConfig(Section):
    """How long, how fast."""

    method: Literal["eventprop", "e-prop"] = "eventprop"
    """e-prop needs the GeNN engine, and has neurons of its own; see `models.methods.eprop`."""
    epochs: Annotated[int, Field(ge=1)] = 100
    batch: Annotated[int, Field(ge=1)] = 32
    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    """cosine falls to 0 over the epochs; plateau falls whenever validation gets no better for a while."""
    plateau_patience: Annotated[int, Field(ge=1)] = 5
    """plateau: epochs without a better validation after which the rate falls."""
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """plateau: what the rate is multiplied by then."""
    warmup_epochs: NotNegative = 0.0
    """Epochs, whole or not, over whose batches the rate rises from a thousandth of itself; 0 begins with all of it."""
    patience: Annotated[int, Field(ge=0)] = 0
    """Stop after so many epochs without a better validation; 0 never does."""
    clip: NotNegative = 0.0
    """Largest norm of the gradient of all parameters together; 0 leaves all as they are."""
    least_slope: NotNegative = 0.1
    """What the voltage's slope at a spike counts as, in thresholds, where it is smaller; 0 leaves all as they are."""
    weight_decay: NotNegative = 0.0
    """Decoupled, of connection weights only: the learning rate times this is the fraction that a step takes off."""
    delay_rate: NotNegative = 20.0
    """Factor on the learning rate for delays, in ms."""
    tau_rate: NotNegative = 20.0
    """Factor on the learning rate for time constants, in ms."""
    regulariser: RegulariserConfig = RegulariserConfig()


class GennConfig(Section):
    """Of the GeNN engine."""

    backend: BackendName = "auto"
    """What GeNN generates code for; auto is a GPU where one answers."""
