"""What is wrong with a file of fields, in one sentence that names the field and the nearest right one."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from models.choice import Choice
from models.errors import FieldError, nearest
from pipeline.config.base import shown
from pipeline.config.run import Config
from pipeline.config.structure import choice, fields, place


def first_problem(error: ValidationError, model: type[BaseModel] = Config) -> str:
    """Say in one sentence what a model's first problem is, with the nearest right name for a wrong one."""
    problem = error.errors()[0]
    kind, given = problem["type"], problem["input"]
    where, there = place(model, problem["loc"])
    if kind == "value_error":
        return _refused(problem["ctx"]["error"], where, there)
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return _superfluous(problem["loc"], model)
    if kind == "missing":
        return f"{where} is missing"
    if kind.startswith("union_tag"):
        family = choice(there)
        tag = family.tag if family else "kind"
        if not isinstance(given, dict):
            return f"{where} is {shown(given)}; it must be a table with a {tag}"
        if tag not in given:
            return f"{where}.{tag} is missing"
        return f"{where}.{tag} is {shown(given[tag])}; it must be one of {problem['ctx']['expected_tags']}"
    if kind.startswith("dataclass"):
        return f"{where} is {shown(given)}; it must be a table"
    return f"{where} is {shown(given)}; {problem['msg'][0].lower()}{problem['msg'][1:]}"


def _refused(error: Exception, where: str, there: object) -> str:
    """Return the sentence of a section that refused its fields, with the section's name where it does not know it."""
    if isinstance(error, FieldError):
        return f"{where}.{error.detail}"
    knows = there in (None, str, int, float) or (isinstance(there, type) and issubclass(there, BaseModel))
    return str(error) if knows else f"{where}: {error}"


def _superfluous(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """Say that a section has no such field, and which it has or which other member of its family has it."""
    *sections, name = loc
    section, there = place(model, sections)
    where = f"{section}.{name}".lstrip(".")
    family = _family(there)
    if family is not None and name in fields(family):
        what = family.__name__.lower()
        article = "an" if what[0] in "aeiou" else "a"
        member = getattr(there, family.tag)
        return f"{where} is set, but {article} {what} of {family.tag} {member} has no {name}"
    near = nearest(str(name), fields(there))
    return f"unknown field {where}; the nearest right name is {f'{section}.{near}'.lstrip('.')}"


def _family(member: object) -> type[Choice] | None:
    """Return the base class of the family that a section is a member of, or None."""
    if not (isinstance(member, type) and issubclass(member, Choice)):
        return None
    return next(base for base in member.__mro__ if Choice in base.__bases__)
