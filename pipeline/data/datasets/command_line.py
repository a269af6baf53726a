"""The data sets' options as options of a command."""

from __future__ import annotations

from inspect import Parameter
from typing import Annotated, Any

import typer

from pipeline.data.datasets.base import ENTRIES


def parameters() -> list[Parameter]:
    """Return a keyword parameter for every option of any data set; it is None where the option is not given."""
    helps: dict[str, list[str]] = {}
    types: dict[str, Any] = {}
    for entry in ENTRIES.values():
        for name, text in entry.options.items():
            default = entry.defaults[name]
            helps.setdefault(name, []).append(f"{entry.name}: {text} Default {default}.")
            types[name] = type(default)
    return [
        Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[types[name] | None, typer.Option(help=" ".join(texts), show_default=False)],
        )
        for name, texts in helps.items()
    ]


def overview() -> str:
    """Return one paragraph a data set: its name, its summary and its folder."""
    return "\n\n".join(
        f"{entry.name}: {entry.summary}." + (f" ROOT holds {entry.folder}." if entry.folder else "")
        for entry in ENTRIES.values()
    )
