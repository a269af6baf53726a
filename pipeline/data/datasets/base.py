"""What every data set gives, and how a module enters one into the registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pipeline.data.container import SpikeData


@dataclass(frozen=True)
class Dataset:
    """A data set in memory.

    Attributes
    ----------
    name : str
        Its name in the registry.
    train, test : SpikeData
        Its splits, of the same classes and with the same tuple of speaker names.
    validation : SpikeData or None
        A validation split that the data set brings along. Without one, ``train`` is split.
    """

    name: str
    train: SpikeData
    test: SpikeData
    validation: SpikeData | None = None

    @property
    def splits(self) -> dict[str, SpikeData]:
        """The existing splits by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in named.items() if split is not None}


Loader = Callable[..., Dataset]
"""Called as ``loader(root, **options)`` with ``root`` a Path or None."""


@dataclass(frozen=True)
class Entry:
    """A data set that can be loaded.

    Attributes
    ----------
    name : str
        Name on the command line and in configs.
    summary : str
        One line that describes it.
    loader : callable
        Returns the `Dataset`. Its keyword parameters are the options that Python callers may give.
    folder : str
        What the folder ``root`` must hold; empty if the data set takes no folder.
    needs_folder : bool
        Whether ``root`` must be given.
    classes : int or None
        Number of classes; None if it depends on the folder.
    options : mapping of str to str
        Help texts of those keyword parameters of the loader that the command line and configs can set. The type of
        such an option is the type of its default.
    """

    name: str
    summary: str
    loader: Loader
    folder: str = ""
    needs_folder: bool = False
    classes: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """Default of every keyword parameter of the loader."""
        parameters = inspect.signature(self.loader).parameters
        return {name: parameter.default for name, parameter in parameters.items() if name != "root"}

    def options_from(self, section: object) -> dict[str, Any]:
        """Return the options that a config's data section sets: its fields that have an option's name."""
        return {name: value for name, value in vars(section).items() if name in self.options}


ENTRIES: dict[str, Entry] = {}
"""All registered data sets by name."""


def register(entry: Entry) -> None:
    """Enter a data set into the registry."""
    ENTRIES[entry.name] = entry
