"""Configs from TOML files, with single fields overridden."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from models.errors import InputError
from pipeline.config import structure
from pipeline.config.base import cut, shown
from pipeline.config.migration import migrate, migrate_name
from pipeline.config.problems import first_problem
from pipeline.config.run import Config
from pipeline.config.structure import choice, place
from pipeline.config.toml import DEEPEST, read_toml, too_deep
from pipeline.paths import expanded

CONFIG_FOLDER = Path(__file__).parents[1] / "configs"
"""The configs that ship with the project; they can be named without folder and ending."""


def load_config(source: str | Path, overrides: Iterable[str] = ()) -> Config:
    """Read a config, complete: the numbers of a tabulated window are read from their file, too.

    Parameters
    ----------
    source : str or Path
        A TOML file, or the name of a config that ships with the project ("demo", "fsdd").
    overrides : iterable of str
        ``a.b=c``, each replacing one field; c as TOML has it, or a bare word. Where one chooses another kind of loss,
        window or initialiser, the fields of the former kind go; in whichever order they come, choices are made first.

    Raises
    ------
    InputError
        If there is no such file, it is no TOML, a field is unknown or has a wrong value, or a window's file can't be
        read.
    """
    path = _find(source)
    return config_from_table(read_toml(path), path, overrides)


def config_from_table(table: Mapping[str, Any], source: str | Path, overrides: Iterable[str] = ()) -> Config:
    """Return the config that a table describes, as TOML has it, of this or an earlier version; see `load_config`.

    ``source`` is where it was read, for messages.
    """
    fields = migrate(table)
    for name, value, override in sorted(map(_parsed, overrides), key=_choices_first):
        _override(fields, name, value, override)
    _read_window(fields)
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
    """Return an override's name, as it is called today, and its value, and the override."""
    name, equals, text = override.partition("=")
    if not equals or not name:
        raise InputError(f"--set {cut(override)} is not of the form a.b=c")
    name, said = migrate_name(name), cut(override)
    if name.count(".") > DEEPEST:
        raise too_deep(f"--set {said}")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return name, text, said
    # A name may look like a number, a date or a list.
    is_name = place(Config, name.split("."))[1] is str and not isinstance(value, str)
    return name, text if is_name else value, said


def _choices_first(parsed: tuple[str, Any, str]) -> tuple[bool, int]:
    """Order overrides: choices first, the outer ones before the inner ones."""
    *sections, field = parsed[0].split(".")
    family = choice(place(Config, sections)[1])
    chooses = family is not None and field == family.tag
    return not chooses, len(sections) if chooses else 0


def _override(table: dict[str, Any], name: str, value: Any, override: str) -> None:
    *sections, field = name.split(".")
    inside: Any = table
    for section in sections:
        inside = inside.setdefault(section, {})
        if not isinstance(inside, dict):
            raise InputError(f"--set {override}: {section} is a field, not a section")
    family = choice(place(Config, sections)[1])
    if family is not None and field == family.tag and value != inside.get(field, _default(*sections, field)):
        member = family.members().get(value) if isinstance(value, str) else None
        kept = [key for key in family.kept if member is None or key in structure.fields(member)]
        for other in set(inside).difference(kept):
            del inside[other]
    inside[field] = value


def _default(section: str, *names: str) -> Any:
    """Return a field's value where a config does not say it."""
    value = Config.model_fields[section].default
    for name in names:
        value = getattr(value, name, None)
    return value


def _read_window(table: dict[str, Any]) -> None:
    """Replace the file of a tabulated window by its numbers."""
    loss = table.get("loss")
    window = loss.get("window") if isinstance(loss, dict) else None
    if not isinstance(window, dict):
        return
    shape, file = window.get("shape", _default("loss", "window", "shape")), window.pop("file", None)
    if shape != "tabulated":
        if file is not None:
            raise InputError(f"loss.window.file is set, but a window of shape {shape} has no file")
    elif file is not None:
        if not isinstance(file, str):
            raise InputError(f"loss.window.file is {shown(file)}; it must be the name of a file")
        try:
            with expanded(file).open(encoding="utf-8-sig") as lines:
                window["values"] = np.loadtxt(lines, ndmin=1).ravel().tolist()
        except (OSError, ValueError) as error:
            raise InputError(f"loss.window.file {file} is not a file of one number a line: {error}") from None
    elif "values" not in window:
        raise InputError("a window of shape tabulated needs loss.window.file")
