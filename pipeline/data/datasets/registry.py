"""All data sets by name. A new data set is one new module and one import line here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.errors import InputError, suggestion
from pipeline.data.datasets import asc as asc
from pipeline.data.datasets import audio as audio
from pipeline.data.datasets import digits as digits
from pipeline.data.datasets import fsdd as fsdd
from pipeline.data.datasets import heidelberg as heidelberg
from pipeline.data.datasets.base import ENTRIES, Dataset, Entry
from pipeline.ears.registry import DEFAULT


def names() -> tuple[str, ...]:
    """Return the names of all data sets."""
    return tuple(ENTRIES)


def entry(name: str) -> Entry:
    """Return the entry of a data set.

    Raises
    ------
    InputError
        If there is no such data set; the message names the nearest one.
    """
    if name not in ENTRIES:
        raise InputError(f"There is no data set {name!r}; {suggestion(name, ENTRIES)}")
    return ENTRIES[name]


def load(name: str, root: Path | None = None, **options: Any) -> Dataset:
    """Return a data set; prepare or download it if necessary.

    ``root`` is the folder with its files, for which some data sets have a default; ``options`` are keyword arguments
    of the data set's own loader.

    Raises
    ------
    InputError
        If there is no such data set or option, or if files are missing or bad.
    """
    chosen = entry(name)
    if not chosen.heard and (ear := options.pop("ear", DEFAULT)) != DEFAULT:
        raise InputError(f"The ear is {ear!r}, but {name} has spikes and no recordings to hear; leave the ear out.")
    for option in options:
        if option not in chosen.defaults:
            raise InputError(f"The data set {name!r} has no option {option!r}; {suggestion(option, chosen.defaults)}")
    if root is not None and not chosen.folder:
        raise InputError(f"{name} takes no folder, found {root}; leave the root out.")
    if root is None and chosen.needs_folder:
        raise InputError(
            f"{name} needs a folder with {chosen.folder}; name it with --root, or with data.root in a config."
        )
    return chosen.loader(root, **options)
