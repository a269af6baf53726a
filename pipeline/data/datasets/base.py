"""What every data set gives, and how a module enters one into the registry."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from models.errors import InputError
from pipeline.data.container import SpikeData
from pipeline.data.copies import without_copies
from pipeline.data.recordings import Utterance, file_key, to_spikes
from pipeline.data.unusable import Unusable, find_unusable
from pipeline.ears.registry import DEFAULT, Ear, names
from pipeline.paths import expanded

EAR = f"What turns recordings into events: {', '.join(names())}."
"""Help text of the option ``ear`` of data sets of recordings."""


@dataclass(frozen=True)
class Dataset:
    """A data set in memory; its splits have the same classes and the same tuple of speaker names."""

    name: str
    train: SpikeData
    test: SpikeData
    validation: SpikeData | None = None
    """A validation split that the data set brings along. Without one, ``train`` is split."""
    notes: tuple[str, ...] = ()
    """What to say of it: which rule made the split, and what is left out."""

    @property
    def splits(self) -> dict[str, SpikeData]:
        """The existing splits by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in named.items() if split is not None}


def named_folder(name: str, root: Path | None, variable: str) -> Path:
    """Return the folder of a data set: ``root``, or what an environment variable names where there is none.

    Raises
    ------
    InputError
        If neither names a folder, or if there is no such folder.
    """
    named = root or os.environ.get(variable)
    if not named:
        raise InputError(
            f"{name} needs the folder of its recordings; name it with --root, with data.root in a config or in the "
            f"environment variable {variable}."
        )
    folder = expanded(named)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; the folder of {name}'s recordings is wanted.")
    return folder


def utterances(files: Iterable[tuple[Path, int, int]], bad: Unusable) -> list[Utterance]:
    """Return the utterances of recordings, each with its label and speaker; files that can't be read go to ``bad``."""
    found = []
    for path, label, speaker in files:
        try:
            found.append(Utterance(path, file_key(path), label, speaker))
        except InputError as error:
            bad.reasons.append(str(error))
    return found


def converted(
    name: str,
    parts: Mapping[str, Sequence[Utterance]],
    classes: Sequence[str],
    speakers: Sequence[str],
    *,
    title: str = "",
    bad: Unusable | None = None,
    notes: Sequence[str] = (),
    trained: Collection[int] = (),
    ear: str | Ear = DEFAULT,
    **options: Any,
) -> Dataset:
    """Return a data set of recordings, whose ``parts`` and ``notes`` are those of a `Dataset`; see `to_spikes`.

    No two parts share a recording; see `without_copies`.

    Parameters
    ----------
    title : str
        Its name in progress bars and error messages where that is not ``name``.
    bad : Unusable
        What has been found that can't be used. Recordings that can't be heard are added; all of them are refused
        or left out.
    trained : collection of int
        Labels of which the training part must have an example when some are left out.

    Raises
    ------
    InputError
        If recordings can't be used, or if too few are left.
    """
    bad = bad or Unusable()
    title = title or name
    kept = {}
    for part, listed in parts.items():
        reasons = find_unusable(listed, kind=name, ear=ear, seed=options.get("seed", 0))
        bad.reasons += reasons.values()
        kept[part] = [utterance for index, utterance in enumerate(listed) if index not in reasons]
    bad.check()
    for part, left in kept.items():
        if not left:
            raise InputError(f"{title}: no recording for the {part} part can be used.{bad.listed}")
    for label in sorted(set(trained) - {utterance.label for utterance in kept["train"]}):
        raise InputError(f"{title}: no recording of {classes[label]!r} for training can be used.{bad.listed}")
    splits = {
        part: to_spikes(left, classes, speakers, kind=name, description=f"{title} {part}", ear=ear, **options)
        for part, left in without_copies(kept, classes, title).items()
    }
    return Dataset(name, **splits, notes=(*notes, *bad.notes))


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

    @property
    def heard(self) -> bool:
        """Whether it has recordings, which an ear turns into events."""
        return "ear" in self.defaults

    def options_from(self, section: object) -> dict[str, Any]:
        """Return the options that a config's data section sets: its fields that have an option's name."""
        return {name: value for name, value in vars(section).items() if name in self.options and value is not None}


ENTRIES: dict[str, Entry] = {}
"""All registered data sets by name."""


def register(entry: Entry) -> None:
    """Enter a data set into the registry."""
    ENTRIES[entry.name] = entry
