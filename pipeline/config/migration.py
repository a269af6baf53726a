"""Configs written by earlier versions of the project, brought to today's names."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from models.errors import InputError

VERSION = 2
"""Of the configs that this version writes. Configs without a version are of version 1, or written by hand."""

RENAMED = {"training.ease_in": "training.warmup_epochs", "genn.backend": "device"}
"""Version 1's dotted names, and today's."""


def migrate(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a config's table with today's names.

    Parameters
    ----------
    fields : mapping
        A config's table, as TOML has it.

    Raises
    ------
    InputError
        If a later version of the project has written it.
    """
    found = deepcopy(dict(fields))
    if found.get("version", 1) == VERSION:
        return found
    if found.pop("version", 1) != 1:
        raise InputError(f"version is {fields['version']}; this version of the project reads configs up to {VERSION}")
    for old, new in RENAMED.items():
        value, there = _take(found, old)
        if there:
            _put(found, new, value)
    if found.get("genn") == {}:
        del found["genn"]
    return found


def migrate_name(name: str) -> str:
    """Return today's name of a field, both dotted; names that have not changed come back as they are."""
    return RENAMED.get(name, name)


def _take(fields: dict[str, Any], name: str) -> tuple[Any, bool]:
    """Remove a dotted field; return its value, and whether it was there."""
    *sections, field = name.split(".")
    place: Any = fields
    for section in sections:
        place = place.get(section) if isinstance(place, dict) else None
    if not isinstance(place, dict) or field not in place:
        return None, False
    return place.pop(field), True


def _put(fields: dict[str, Any], name: str, value: Any) -> None:
    *sections, field = name.split(".")
    place = fields
    for section in sections:
        place = place.setdefault(section, {})
    place.setdefault(field, value)
