"""What is wrong with a config, in one sentence that names the field and the nearest right one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from models.errors import nearest
from pipeline.config.initialisers import INITIALISERS
from pipeline.config.losses import LOSSES
from pipeline.config.run import Config

KINDS = INITIALISERS | LOSSES
"""Sections that have a kind, by it."""


def first_problem(error: ValidationError) -> str:
    """Say in one sentence what the first problem is, with the nearest right name for a wrong one."""
    problem = error.errors()[0]
    kind, given = problem["type"], problem["input"]
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    where = _dotted(problem["loc"])
    if kind == "extra_forbidden":
        return _superfluous(problem["loc"])
    if kind == "missing":
        return f"{where} is missing"
    if kind.startswith("union_tag"):
        if not isinstance(given, dict):
            return f"{where} is {given!r}; it must be a table with a kind"
        if "kind" not in given:
            return f"{where}.kind is missing"
        return f"{where}.kind is {given['kind']!r}; it must be one of {problem['ctx']['expected_tags']}"
    return f"{where} is {given!r}; {problem['msg'][0].lower()}{problem['msg'][1:]}"


def _dotted(loc: Iterable[int | str]) -> str:
    """Return a field's name as users write it: pydantic adds the kinds of sections and the indices of lists."""
    return ".".join(str(part) for part in loc if part not in KINDS and not isinstance(part, int))


def _superfluous(loc: tuple[int | str, ...]) -> str:
    """Say that a section has no such field, and which it has or which kind of section has it."""
    *sections, name = map(str, loc)
    where = ".".join(filter(None, [_dotted(sections), name]))
    for family, what in ((LOSSES, "a loss"), (INITIALISERS, "an initialiser")):
        if sections and sections[-1] in family and any(name in other.model_fields for other in family.values()):
            return f"{where} is set, but {what} of kind {sections[-1]} has no {name}"
    near = nearest(name, _fields_of(Config, sections))
    return f"unknown field {where}; the nearest right name is {'.'.join(filter(None, [_dotted(sections), near]))}"


def _fields_of(model: type[BaseModel], sections: Iterable[str]) -> Mapping[str, Any]:
    for section in sections:
        # The kind follows the section's name.
        annotation = KINDS[section] if section in KINDS else model.model_fields[section].annotation
        if isinstance(annotation, type):
            model = annotation
    return model.model_fields
