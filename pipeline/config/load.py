"""Configs from TOML files, with single fields overridden."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.errors import InputError
from pipeline.config.base import Section
from pipeline.config.initialisers import INITIALISERS, InitialConfig
from pipeline.config.losses import LOSSES, WindowConfig
from pipeline.config.migration import migrate
from pipeline.config.problems import first_problem
from pipeline.config.run import Config

CONFIG_FOLDER = Path(__file__).parents[1] / "configs"
"""The configs that ship with the project; they can be named without folder and ending."""


@dataclass(frozen=True)
class _Choice:
    """A field that says which others there are.

    Attributes
    ----------
    default : str, optional
        What it is where a config does not say it.
    kept : tuple of str
        Other fields that stay as they are when it changes, where the new kind has them.
    kinds : mapping
        The sections of the kinds, where these are sections of their own.
    """

    default: str | None
    kept: tuple[str, ...]
    kinds: Mapping[str, type[Section]]


_CHOICES = {
    "loss.kind": _Choice("cross-entropy", ("scale", "smoothing", "window"), LOSSES),
    "loss.window.shape": _Choice(WindowConfig().shape, ("normalise",), {}),
    **{
        f"network.initial.{name}.kind": _Choice(getattr(field.default, "kind", None), (), INITIALISERS)
        for name, field in InitialConfig.model_fields.items()
        if name != "spread"
    },
}
"""By name, outer ones first."""


def load_config(source: str | Path, overrides: Iterable[str] = ()) -> Config:
    """Read a config.

    Parameters
    ----------
    source : str or Path
        A TOML file, or the name of a config that ships with the project ("demo", "fsdd").
    overrides : iterable of str
        ``a.b=c``, each replacing one field; c as TOML has it, or a bare word. Where one chooses another kind of loss,
        window or initialiser, the fields of the former kind go; in whichever order they come, choices are made first.

    Returns
    -------
    Config

    Raises
    ------
    InputError
        If there is no such file, it is no TOML, or a field is unknown or has a wrong value.
    """
    path = _find(source)
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from None
    fields = migrate(fields)
    for name, value, override in sorted(map(_parsed, overrides), key=_choices_first):
        _override(fields, name, value, override)
    return _validated(fields, path)


def config_from_table(table: Mapping[str, Any], source: str | Path) -> Config:
    """Return the config that a table holds, as TOML has it, of this or an earlier version.

    Parameters
    ----------
    table : mapping
    source : str or Path
        Where it was read, for messages.

    Raises
    ------
    InputError
        If a field is unknown or has a wrong value.
    """
    return _validated(migrate(table), source)


def _validated(fields: Mapping[str, Any], source: str | Path) -> Config:
    try:
        return Config.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{source}: {first_problem(error)}") from None


def _find(source: str | Path) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    shipped = sorted(p.stem for p in CONFIG_FOLDER.glob("*.toml"))
    if str(source) in shipped:
        return CONFIG_FOLDER / f"{source}.toml"
    raise InputError(f"there is no config {source}; give a TOML file or one of {', '.join(shipped)}")


def _parsed(override: str) -> tuple[str, Any, str]:
    """Return an override's name and value, and the override."""
    name, equals, text = override.partition("=")
    if not equals or not name:
        raise InputError(f"--set {override} is not of the form a.b=c")
    try:
        return name, tomllib.loads(f"value = {text}")["value"], override
    except tomllib.TOMLDecodeError:
        return name, text, override


def _choices_first(parsed: tuple[str, Any, str]) -> int:
    names = list(_CHOICES)
    return names.index(parsed[0]) if parsed[0] in names else len(names)


def _override(fields: dict[str, Any], name: str, value: Any, override: str) -> None:
    *sections, field = name.split(".")
    place: Any = fields
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise InputError(f"--set {override}: {section} is a field, not a section")
    choice = _CHOICES.get(name)
    if choice is not None and value != place.get(field, choice.default):
        kind = choice.kinds.get(str(value))
        kept = [key for key in choice.kept if kind is None or key in kind.model_fields]
        for other in set(place).difference(kept):
            del place[other]
    place[field] = value
