"""What all sections of a config share."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A table of a config: unknown fields are refused, and nothing changes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def kind_of(given: Any) -> Any:
    """Return which kind of section a table is to become, or one is."""
    return given.get("kind") if isinstance(given, dict) else getattr(given, "kind", None)
