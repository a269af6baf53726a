"""Sections about what parameters are drawn from before training."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag, model_validator

from pipeline.config.base import NotNegative, Positive, Section, kind_of


class NormalConfig(Section):
    """A normal distribution."""

    kind: Literal["normal"] = "normal"
    mean: float = 0.0
    sd: NotNegative = 0.02


class UniformConfig(Section):
    """A uniform distribution."""

    kind: Literal["uniform"] = "uniform"
    low: float = -0.05
    high: float = 0.05


class ConstantConfig(Section):
    """The same value for all."""

    kind: Literal["constant"] = "constant"
    value: float = 0.0


class KaimingConfig(Section):
    """A normal distribution of mean 0 and deviation gain / sqrt(presynaptic neurons)."""

    kind: Literal["kaiming"] = "kaiming"
    gain: Positive = 1.0


class LogNormalConfig(Section):
    """A distribution of positive numbers whose logarithm is normal."""

    kind: Literal["lognormal"] = "lognormal"
    median: Positive = 1.0
    spread: NotNegative = 0.0
    """Deviation of the natural logarithm."""


InitialiserConfig = Annotated[
    Annotated[NormalConfig, Tag("normal")]
    | Annotated[UniformConfig, Tag("uniform")]
    | Annotated[ConstantConfig, Tag("constant")]
    | Annotated[KaimingConfig, Tag("kaiming")]
    | Annotated[LogNormalConfig, Tag("lognormal")],
    Discriminator(kind_of),
]


class InitialConfig(Section):
    """What parameters are drawn from before training.

    A table of the kind that is the default keeps the default's fields where it does not set them.
    """

    input: InitialiserConfig = NormalConfig(mean=0.03, sd=0.01)
    """Of undelayed input: what is drawn is split among the copies of a delay line."""
    recurrent: InitialiserConfig = NormalConfig(sd=0.02)
    feedforward: InitialiserConfig = NormalConfig(mean=0.02, sd=0.03)
    output: InitialiserConfig = NormalConfig(sd=0.03)
    bias: InitialiserConfig = ConstantConfig()
    delay: InitialiserConfig | None = None
    """In ms; not set is uniform from 0 to the connection's longest."""
    spread: NotNegative = 0.0
    """Deviation of the logarithm of time constants about their population's, where each neuron has its own."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        complete = dict(fields)
        for name, given in fields.items():
            default = cls.model_fields[name].default if name in cls.model_fields else None
            if isinstance(given, dict) and isinstance(default, Section):
                start = default.model_dump()
                if given.get("kind", start["kind"]) == start["kind"]:
                    complete[name] = start | given
        return complete


INITIALISERS: dict[str, type[Section]] = {
    "normal": NormalConfig,
    "uniform": UniformConfig,
    "constant": ConstantConfig,
    "kaiming": KaimingConfig,
    "lognormal": LogNormalConfig,
}
