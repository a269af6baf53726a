"""What all sections of a config share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from models.choice import Choice
from models.errors import InputError

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]

LONGEST = 200
"""Characters of a wrong value that a sentence shows."""


class Section(BaseModel):
    """A table of a config: unknown fields are refused, and nothing changes it.

    Frozen dataclasses of `models` are sections, too; they inherit these rules from the section that they are part of.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def shown(value: object) -> str:
    """Return a value as sentences show it."""
    try:
        return cut(repr(value))
    except (ValueError, RecursionError):
        return f"{type(value).__name__} of more digits or levels than can be shown"


def cut(text: str) -> str:
    """Return as much of a text as a sentence shows."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def one_of(field: str, names: Callable[[], tuple[str, ...]]) -> AfterValidator:
    """Return a validator of the dotted ``field`` that accepts registered names only, asked for as a config is read."""

    def check(name: str) -> str:
        if name not in names():
            raise InputError(f"{field} is {shown(name)}; it must be one of {', '.join(map(repr, names()))}")
        return name

    return AfterValidator(check)


def completed(default: Any) -> BeforeValidator:
    """Return a validator that fills tables of a dataclass's section from a default.

    A table that chooses no other member of a family than the default keeps the default's fields where it does not set
    them: ``input = {mean = 0.3}`` keeps the default's deviation.
    """

    def complete(given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        filled = dict(given)
        for field in fields(default):
            start, own = getattr(default, field.name), given.get(field.name)
            if isinstance(start, Choice) and isinstance(own, dict):
                table = asdict(start)  # type: ignore[call-overload]
                if own.get(start.tag, table[start.tag]) == table[start.tag]:
                    filled[field.name] = table | own
        return filled

    return BeforeValidator(complete)
