"""What is wrong with a file of fields, in one sentence that names the field and the nearest right one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from models.errors import nearest
from pipeline.config.initialisers import INITIALISERS
from pipeline.config.losses import LOSSES
from pipeline.config.run import Config


def first_problem(error: ValidationError, model: type[BaseModel] = Config) -> str:
    """Say in one sentence what a model's first problem is, with the nearest right name for a wrong one."""
    problem = error.errors()[0]
    kind, given = problem["type"], problem["input"]
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    where, _ = _place(model, problem["loc"])
    if kind == "extra_forbidden":
        return _superfluous(problem["loc"], model)
    if kind == "missing":
        return f"{where} is missing"
    if kind.startswith("union_tag"):
        if not isinstance(given, dict):
            return f"{where} is {given!r}; it must be a table with a kind"
        if "kind" not in given:
            return f"{where}.kind is missing"
        return f"{where}.kind is {given['kind']!r}; it must be one of {problem['ctx']['expected_tags']}"
    return f"{where} is {given!r}; {problem['msg'][0].lower()}{problem['msg'][1:]}"


def _superfluous(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """Say that a section has no such field, and which it has or which kind of section has it."""
    *sections, name = loc
    section, there = _place(model, sections)
    where = f"{section}.{name}".lstrip(".")
    for family, what in ((LOSSES, "a loss"), (INITIALISERS, "an initialiser")):
        if sections and sections[-1] in family and any(name in other.model_fields for other in family.values()):
            return f"{where} is set, but {what} of kind {sections[-1]} has no {name}"
    near = nearest(str(name), getattr(there, "model_fields", {}))
    return f"unknown field {where}; the nearest right name is {f'{section}.{near}'.lstrip('.')}"


def _place(model: type[BaseModel], loc: Sequence[int | str]) -> tuple[str, Any]:
    """Return a place's name as users write it, and the type of what stands there.

    Pydantic adds the kinds of sections and the indices of lists; users write neither.
    """
    names: list[str] = []
    there: Any = model
    for part in loc:
        if isinstance(part, int):
            there = _bare(get_args(there)[0])
        elif part in (kinds := _kinds(there)):
            there = kinds[part]
        else:
            names.append(part)
            if get_origin(there) is dict:
                there = _bare(get_args(there)[1])
            else:
                field = getattr(there, "model_fields", {}).get(part)
                there = _bare(field.annotation) if field else None
    return ".".join(names), there


def _bare(annotation: Any) -> Any:
    """Return a type without what is noted at it, and without None where that is allowed beside it."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    options = [option for option in get_args(annotation) if option is not NoneType]
    return _bare(options[0]) if len(options) == 1 and NoneType in get_args(annotation) else annotation


def _kinds(annotation: Any) -> Mapping[str, type[BaseModel]]:
    """Return the sections that may stand in a place, by their kind; none if it isn't one of several kinds."""
    sections = [option for option in map(_bare, get_args(annotation)) if "kind" in getattr(option, "model_fields", {})]
    return {get_args(section.model_fields["kind"].annotation)[0]: section for section in sections}
