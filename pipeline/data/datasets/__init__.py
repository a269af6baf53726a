"""Data sets by name: where each one's examples come from and which are for training, validation and test."""

from __future__ import annotations

import difflib
import importlib
import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import InputError
from pipeline.data.container import SpikeData

DATASETS = ("shd", "ssc", "fsdd", "digits", "audio")
"""The names that ``load`` knows; each is a module here with a ``load`` of its own."""


@dataclass(frozen=True)
class Dataset:
    """A data set, read.

    Attributes
    ----------
    name : str
        Which.
    train, test : SpikeData
        Its splits, of the same classes and with the same tuple of speaker names.
    validation : SpikeData or None
        A validation split that the data set brings along; others are split off ``train``.
    """

    name: str
    train: SpikeData
    test: SpikeData
    validation: SpikeData | None = None

    @property
    def splits(self) -> dict[str, SpikeData]:
        """The splits that there are, by name."""
        named = {"train": self.train, "validation": self.validation, "test": self.test}
        return {name: split for name, split in named.items() if split is not None}


def load(name: str, root: Path | None = None, **options: Any) -> Dataset:
    """Return a data set, preparing or downloading it if need be.

    Parameters
    ----------
    name : str
        One of ``DATASETS``.
    root : Path, optional
        The folder with its files; where they are looked for otherwise is each data set's own business.
    **options
        What the ``load`` of the data set's module takes besides.

    Raises
    ------
    InputError
        If there is no such data set or option, or if the files are missing or bad.
    """
    if name not in DATASETS:
        raise InputError(f"There is no data set {name!r}; {_nearest(name, DATASETS)}")
    loader = importlib.import_module(f"{__name__}.{name}").load
    known = [option for option in inspect.signature(loader).parameters if option != "root"]
    for option in options:
        if option not in known:
            raise InputError(f"The data set {name!r} has no option {option!r}; {_nearest(option, known)}")
    dataset: Dataset = loader(root, **options)
    return dataset


def _nearest(wrong: str, right: tuple[str, ...] | list[str]) -> str:
    """Return the end of a sentence that tells what could have been meant."""
    near = difflib.get_close_matches(wrong, right, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(right)}." if right else "it has none."
