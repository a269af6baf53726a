"""What every data set gives, and how a module enters one into the registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pipeline.data.container import SpikeData
from pipeline.data.copies import without_copies
from pipeline.data.recordings import Utterance, to_spikes


@dataclass(frozen=True)
class Dataset:
    """A data set in memory; its splits have the same classes and the same tuple of speaker names."""

    name: str
    train: SpikeData
    test: SpikeData
    validation: SpikeData | None = None
    """A validation split that the data set brings along. Without one, ``train`` is split."""

    @property
    def splits(self) -> dict[str, SpikeData]:
        """The existing splits by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in named.items() if split is not None}


def converted(
    name: str,
    parts: Mapping[str, Sequence[Utterance]],
    classes: Sequence[str],
    speakers: Sequence[str],
    *,
    title: str = "",
    **options: Any,
) -> Dataset:
    """Return a data set of recordings, whose ``parts`` are named as those of a `Dataset`; see `to_spikes`.

    No two parts share a recording; see `without_copies`. ``title`` is the data set's name in progress bars and messages
    where that is not ``name``.
    """
    title = title or name
    splits = {
        part: to_spikes(utterances, classes, speakers, kind=name, description=f"{title} {part}", **options)
        for part, utterances in without_copies(parts, classes, title).items()
    }
    return Dataset(name, **splits)


@dataclass(frozen=True)
class Entry:
    """A data set that can be loaded."""

    name: str
    """Name on the command line and in configs."""
    summary: str
    """One line that describes it."""
    loader: Callable[..., Dataset]
    """Called as ``loader(root, **options)`` with ``root`` a Path or None; its keyword parameters are the options that
    Python callers may give."""
    folder: str = ""
    """What the folder ``root`` must hold; empty if the data set takes no folder."""
    needs_folder: bool = False
    """Whether ``root`` must be given."""
    classes: int | None = None
    """Number of classes; None if it depends on the folder."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Help texts of those keyword parameters of the loader that the command line and configs can set. The type of such
    an option is the type of its default."""

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
