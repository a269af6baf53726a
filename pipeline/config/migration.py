"""Configs written by earlier versions of the project, brought to today's names."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from models.errors import InputError
from pipeline.config.base import shown

VERSION = 2
"""Of the configs that this version writes. Configs without a version are of version 1, or written by hand."""

RENAMED = {"training.ease_in": "training.warmup_epochs", "genn.backend": "device"}
"""Version 1's names, each a section and a field, and today's, which may have any number of sections."""


def migrate(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a config's table with today's names; refuse one that a later version has written."""
    found = deepcopy(dict(fields))
    if found.get("version", 1) == VERSION:
        return found
    if found.pop("version", 1) != 1:
        raise InputError(
            f"version is {shown(fields['version'])}; this version of the project reads configs up to {VERSION}"
        )
    for old, new in RENAMED.items():
        (section, field), (*sections, name) = old.split("."), new.split(".")
        if isinstance(found.get(section), dict) and field in found[section]:
            value, place = found[section].pop(field), found
            for inner in sections:
                place = place.setdefault(inner, {})
            if name in place:
                raise InputError(f"{old} is called {new} today, and both are set; remove {old}")
            place[name] = value
    if found.get("genn") == {}:
        del found["genn"]
    return found


def migrate_name(name: str) -> str:
    """Return today's name of a field, both dotted; names that have not changed come back as they are."""
    return RENAMED.get(name, name)
