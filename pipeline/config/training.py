"""Sections about training."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from models.engines import registry
from models.engines.registry import methods
from models.errors import InputError
from models.methods.options import MethodOptions
from models.regulariser import Regulariser
from pipeline.config.base import NotNegative, Positive, Section, one_of


class TrainingConfig(Section):
    """How long, how fast."""

    method: Annotated[str, one_of("training.method", methods)] = "eventprop"
    """eventprop, or another method of `models.methods`; each says which engines it runs on."""
    options: MethodOptions | None = None
    """Settings that the method has of its own; None where it has none."""
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
    regulariser: Regulariser = Regulariser()

    @model_validator(mode="before")
    @classmethod
    def _options_are_the_methods(cls, given: Any) -> Any:
        """Complete the method's options; those that were resolved for another method go, as of another kind of loss."""
        if not isinstance(given, dict):
            return given
        method, own = given.get("method", "eventprop"), given.get("options")
        family = registry.options(method) if isinstance(method, str) else None
        if isinstance(own, dict) and own.get("kind", method) != method:
            own = None
        if family is None:
            if own is not None:
                raise InputError(f'training.options is set, but training.method "{method}" has no options')
            return {name: value for name, value in given.items() if name != "options"}
        return (
            given
            if own is not None and not isinstance(own, dict)
            else given | {"options": (own or {}) | {"kind": method}}
        )
