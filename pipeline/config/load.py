"""Configs from TOML files, with single fields overridden."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.errors import InputError
from pipeline.config.initialisers import INITIALISERS, InitialConfig
from pipeline.config.losses import LOSSES
from pipeline.config.problems import first_problem
from pipeline.config.run import Config

CONFIG_FOLDER = Path(__file__).parents[1] / "configs"
"""The configs that ship with the project; they can be named without folder and ending."""

_CHOICES: dict[str, tuple[str, ...]] = {
    "loss.kind": ("scale", "smoothing", "window"),
    "loss.window.shape": ("normalise",),
    **{f"network.initial.{name}.kind": () for name in InitialConfig.model_fields if name != "spread"},
}
"""Fields that say which others there are, and those that another choice leaves as they were."""


def load_config(source: str | Path, overrides: Iterable[str] = ()) -> Config:
    """Read a config.

    Parameters
    ----------
    source : str or Path
        A TOML file, or the name of a config that ships with the project ("demo", "fsdd").
    overrides : iterable of str
        ``a.b=c``, each replacing one field; c as TOML has it, or a bare word.

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
    for override in overrides:
        _override(fields, override)
    try:
        return Config.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{path}: {first_problem(error)}") from None


def _find(source: str | Path) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    shipped = sorted(p.stem for p in CONFIG_FOLDER.glob("*.toml"))
    if str(source) in shipped:
        return CONFIG_FOLDER / f"{source}.toml"
    raise InputError(f"there is no config {source}; give a TOML file or one of {', '.join(shipped)}")


def _override(fields: dict[str, Any], override: str) -> None:
    name, equals, text = override.partition("=")
    if not equals or not name:
        raise InputError(f"--set {override} is not of the form a.b=c")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, field = name.split(".")
    place: Any = fields
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise InputError(f"--set {override}: {section} is a field, not a section")
    if name in _CHOICES:
        # The other fields belong to the choice before.
        chosen = (INITIALISERS | LOSSES).get(str(value))
        kept = [key for key in _CHOICES[name] if chosen is None or key in chosen.model_fields]
        for other in set(place).difference(kept):
            del place[other]
    place[field] = value
