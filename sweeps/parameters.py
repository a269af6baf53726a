"""Parameters of a sweep: each varies one field of the config, and maps a number in 0..1 to its value."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.errors import InputError

Value = float | int | bool | str
Values = dict[str, Value]
"""A point's values, by the dotted names of config fields."""


FARTHEST = 1_000_000
"""Bound of whole numbers: all that lie between an integer parameter's bounds are its values in a grid search."""


class _Parameter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    when: dict[str, Annotated[tuple[Value, ...], Field(min_length=1)]] = {}
    """Conditions: the parameter counts only where other parameters, by name, have one of these values."""

    def counts(self, values: Values) -> bool:
        """Return whether the parameter counts, given the values of the others."""
        return all(name in values and values[name] in wanted for name, wanted in self.when.items())

    @abstractmethod
    def at(self, u: float) -> Value:
        """Return the value at ``u`` in 0..1; intervals of ``u`` of the same length are equally likely."""

    @abstractmethod
    def grid(self) -> list[Value]:
        """Return the values of a grid search."""

    @abstractmethod
    def dimension(self, name: str) -> Any:
        """Return scikit-optimize's description."""


class Real(_Parameter):
    """A number between two bounds."""

    kind: Literal["real"]
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    steps: Annotated[int, Field(ge=2, le=10_000)] = 5
    """Number of values in a grid search."""

    @model_validator(mode="after")
    def _ordered(self) -> Real:
        if not self.low < self.high or (self.scale == "log" and self.low <= 0):
            raise InputError(f"a real parameter goes from {self.low} to {self.high} on a {self.scale} scale")
        return self

    def at(self, u: float) -> float:
        """Return the number at a fraction of the way, logarithmic or not."""
        log = self.scale == "log"
        found = self.low * (self.high / self.low) ** u if log else self.low + (self.high - self.low) * u
        # Rounding carries some bounds past themselves, which scikit-optimize refuses.
        return float(min(max(found, self.low), self.high))

    def grid(self) -> list[Value]:
        """Return ``steps`` numbers, bounds included."""
        return [self.at(float(u)) for u in np.linspace(0, 1, self.steps)]

    def dimension(self, name: str) -> Any:
        """Return scikit-optimize's Real."""
        prior = "log-uniform" if self.scale == "log" else "uniform"
        return _skopt_space().Real(self.low, self.high, prior=prior, name=name)


class Integer(_Parameter):
    """A whole number between two bounds, both included."""

    kind: Literal["integer"]
    low: Annotated[int, Field(ge=-FARTHEST)]
    high: Annotated[int, Field(le=FARTHEST)]
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _ordered(self) -> Integer:
        if not self.low < self.high or (self.scale == "log" and self.low <= 0):
            raise InputError(f"an integer parameter goes from {self.low} to {self.high} on a {self.scale} scale")
        return self

    def at(self, u: float) -> int:
        """Return a whole number."""
        if self.scale == "log":
            return min(int(math.exp(math.log(self.low) + u * math.log((self.high + 1) / self.low))), self.high)
        return min(self.low + int(u * (self.high - self.low + 1)), self.high)

    def grid(self) -> list[Value]:
        """Return all whole numbers."""
        return list(range(self.low, self.high + 1))

    def dimension(self, name: str) -> Any:
        """Return scikit-optimize's Integer."""
        prior = "log-uniform" if self.scale == "log" else "uniform"
        return _skopt_space().Integer(self.low, self.high, prior=prior, name=name)


class Categorical(_Parameter):
    """One of some values."""

    kind: Literal["categorical"]
    values: Annotated[tuple[Value, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _different(self) -> Categorical:
        for i, value in enumerate(self.values):
            if value in self.values[:i]:
                raise InputError(f"a categorical parameter has the value {value!r} twice (true is 1, and false is 0)")
        return self

    def at(self, u: float) -> Value:
        """Return one of the values."""
        return self.values[min(int(u * len(self.values)), len(self.values) - 1)]

    def grid(self) -> list[Value]:
        """Return all values."""
        return list(self.values)

    def dimension(self, name: str) -> Any:
        """Return scikit-optimize's Categorical."""
        return _skopt_space().Categorical(self.values, name=name)


def _skopt_space() -> Any:
    """Return scikit-optimize's module of dimensions, which most processes of a search can start without."""
    from skopt import space

    return space


Parameter = Annotated[Real | Integer | Categorical, Field(discriminator="kind")]
