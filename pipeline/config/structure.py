"""The structure of a config, walked by the names that users write: which section has which fields, of which type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from models.choice import Choice


def place(model: type[BaseModel], loc: Sequence[int | str]) -> tuple[str, Any]:
    """Return a place's dotted name as users write it, and the type of what stands there, None if there is nothing.

    Pydantic adds the names of a choice's members and the indices of lists to ``loc``, a place in ``model``; users write
    neither.
    """
    names: list[str] = []
    there: Any = model
    for part in loc:
        if isinstance(part, int):
            there = bare(get_args(there)[0])
        elif part in (kinds := members(there)):
            there = kinds[part]
        else:
            names.append(part)
            there = bare(get_args(there)[1]) if get_origin(there) is dict else fields(there).get(part)
    return ".".join(names), there


def fields(section: Any) -> dict[str, Any]:
    """Return the types of a section's fields by name; of a choice's, those of all members."""
    if isinstance(section, type) and issubclass(section, BaseModel):
        return {name: bare(field.annotation) for name, field in section.model_fields.items()}
    if family := choice(section):
        return {name: kind for member in family.members().values() for name, kind in fields(member).items()}
    if dataclasses.is_dataclass(section):
        hints = get_type_hints(section)
        return {field.name: bare(hints[field.name]) for field in dataclasses.fields(section)}
    return {}


def choice(section: Any) -> type[Choice] | None:
    """Return the family that a place lets users choose from, or None if it is none."""
    return section if isinstance(section, type) and issubclass(section, Choice) and section.is_base() else None


def members(annotation: Any) -> Mapping[str, Any]:
    """Return the sections that may stand in a place, by their names; none if there is no choice."""
    if family := choice(annotation):
        return family.members()
    sections = [option for option in map(bare, get_args(annotation)) if "kind" in getattr(option, "model_fields", {})]
    return {get_args(section.model_fields["kind"].annotation)[0]: section for section in sections}


def bare(annotation: Any) -> Any:
    """Return a type without what is noted at it, and without None where that is allowed beside it."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    options = [option for option in get_args(annotation) if option is not NoneType]
    return bare(options[0]) if len(options) == 1 and NoneType in get_args(annotation) else annotation
