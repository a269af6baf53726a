"""Search spaces written by earlier versions of the project, brought to today's names of the config's fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.config.migration import migrate_name


def migrate_space(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a space's table with today's names in its parameters, their conditions and its overrides.

    What is not as it must be comes back as it is.
    """
    found = dict(fields)
    if isinstance(parameters := found.get("parameters"), Mapping):
        found["parameters"] = {migrate_name(name): _migrated(parameter) for name, parameter in parameters.items()}
    if isinstance(overrides := found.get("overrides"), list | tuple):
        found["overrides"] = [_migrated_override(override) for override in overrides]
    return found


def _migrated(parameter: Any) -> Any:
    if not isinstance(parameter, Mapping) or not isinstance(when := parameter.get("when"), Mapping):
        return parameter
    return {**parameter, "when": {migrate_name(name): values for name, values in when.items()}}


def _migrated_override(override: Any) -> Any:
    if not isinstance(override, str):
        return override
    name, equals, value = override.partition("=")
    return f"{migrate_name(name)}{equals}{value}"
