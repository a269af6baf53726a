"""Sections about the loss and its window."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from pipeline.config.base import NotNegative, Positive, Section, kind_of


class WindowConfig(Section):
    """The readout window; which fields count depends on its shape."""

    shape: Literal["uniform", "exponential", "gaussian", "bump", "tabulated"] = "gaussian"
    mu: float | None = None
    """Centre, as a fraction of the trial."""
    sigma: Positive | None = None
    """Width, as a fraction of the trial."""
    offset: float | None = None
    depth: float | None = None
    file: str | None = None
    """tabulated: a text file of one number a time step; a run keeps its numbers, not its name."""
    values: tuple[float, ...] | None = None
    """tabulated: the numbers themselves."""
    normalise: bool = True


Smoothing = Annotated[float, Field(ge=0, lt=1)]


class CrossEntropyConfig(Section):
    """Cross-entropy of the windowed readout."""

    kind: Literal["cross-entropy"] = "cross-entropy"
    scale: Positive = 1.0
    """Gain of the logits."""
    temperature: Positive = 1.0
    """Divides the logits."""
    smoothing: Smoothing = 0.0
    """Label smoothing: the share of the wanted probability that is spread over all classes."""
    window: WindowConfig = WindowConfig()


class MaxOverTimeConfig(Section):
    """Cross-entropy of the outputs' greatest voltages."""

    kind: Literal["max-over-time"] = "max-over-time"
    scale: Positive = 1.0
    """Gain of the logits."""
    temperature: Positive = 1.0
    """Divides the logits."""
    smoothing: Smoothing = 0.0
    """Label smoothing: the share of the wanted probability that is spread over all classes."""


class FirstSpikeConfig(Section):
    """Cross-entropy of the outputs' first spike times; the outputs are spiking neurons then, of threshold 1."""

    kind: Literal["first-spike"] = "first-spike"
    temperature: Positive = 1.0
    """In ms; divides the spike times."""
    smoothing: Smoothing = 0.0
    """Label smoothing: the share of the wanted probability that is spread over all classes."""
    early: NotNegative = 0.0
    """Weight of the term that pulls the right output's spike to the trial's begin."""
    tau: Positive = 100.0
    """Time constant of that term in ms."""


class MeanSquareConfig(Section):
    """Mean square distance of the windowed output voltages from their targets."""

    kind: Literal["mean-square"] = "mean-square"
    target: Positive = 1.0
    """Voltage that the right output should have; the others' is 0."""
    window: WindowConfig = WindowConfig()


def _loss_kind(given: Any) -> Any:
    """Return the kind of a loss, which need not be said."""
    return given.get("kind", "cross-entropy") if isinstance(given, dict) else kind_of(given)


LossConfig = Annotated[
    Annotated[CrossEntropyConfig, Tag("cross-entropy")]
    | Annotated[MaxOverTimeConfig, Tag("max-over-time")]
    | Annotated[FirstSpikeConfig, Tag("first-spike")]
    | Annotated[MeanSquareConfig, Tag("mean-square")],
    Discriminator(_loss_kind),
]


LOSSES: dict[str, type[Section]] = {
    "cross-entropy": CrossEntropyConfig,
    "max-over-time": MaxOverTimeConfig,
    "first-spike": FirstSpikeConfig,
    "mean-square": MeanSquareConfig,
}
