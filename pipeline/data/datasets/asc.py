"""`asc`: Arabic Speech Commands (Ghandoura, Hjabo and Al Dakkak 2021), 40 words by 30 speakers, licence CC BY 4.0.

The folder holds ``dataset/<word>/<speaker>_NO_<round>.wav`` (or ``.flac``) and the tables ``train.csv``, ``val.csv``
and, where the copy has it, ``test.csv``, with the columns ``file`` and ``class``. Any of the speakers and rounds may be
there.

No speaker is in two parts. ``train.csv`` is for training. With ``test.csv`` it is the test part and ``val.csv`` the
validation part. Without it the speakers of ``val.csv`` are the test part, since what chooses the epoch must not be what
is reported; validation then takes some of the training speakers.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from models.errors import InputError
from pipeline.data.datasets.base import EAR, Dataset, Entry, named_folder, register
from pipeline.data.datasets.labelled_files import from_files
from pipeline.data.datasets.split_lists import TABLES, Parts, by_lists, find_lists
from pipeline.data.unusable import Unusable
from pipeline.ears.registry import DEFAULT, Ear

ROOT_VARIABLE = "SPOKEN_SPIKES_ASC"
"""Environment variable with the folder, used where no root is given."""

WITH_TEST = 'the speakers of val.csv are the validation part (data.validation = "own"), those of test.csv the test part'
WITHOUT_TEST = (
    "recordings of test.csv are not there, so the speakers of val.csv are the test part; "
    'data.validation = "speaker" holds out training speakers for validation'
)
WITHOUT_VALIDATION = (
    "the speakers of test.csv are the test part; recordings of val.csv are not there, so "
    'data.validation = "speaker" holds out training speakers for validation'
)

_LAYOUT = "dataset/<word>/<speaker>_NO_<round>.wav or .flac, with train.csv and val.csv"


def load(
    root: Path | None = None,
    *,
    skip_bad: bool = False,
    seed: int = 0,
    ear: str | Ear = DEFAULT,
    progress: bool = True,
) -> Dataset:
    """Return the set, split by its own tables; no speaker is in two parts.

    Parameters
    ----------
    root : Path, optional
        The folder with the tables; the default is the value of `ROOT_VARIABLE`.
    skip_bad : bool
        Whether recordings that can't be used are left out and counted instead of refused.
    seed, ear, progress
        See `to_spikes`.

    Raises
    ------
    InputError
        If there is no such folder, if its tables are missing or share a speaker, or if recordings cannot be used.
    """
    folder, bad = named_folder("asc", root, ROOT_VARIABLE), Unusable(skip_bad)
    lists = find_lists(folder)
    if not set(lists) & set(TABLES):
        raise InputError(f"{folder} has no train.csv; {_LAYOUT}, is wanted.")
    try:
        files, _, notes = by_lists(folder, lists, bad)
    except InputError:
        bad.check()  # Recordings that can't be used may be the reason.
        raise
    if "test" in files:
        rule = WITH_TEST if "validation" in files else WITHOUT_VALIDATION
    elif "validation" in files:
        rule, files["test"] = WITHOUT_TEST, files.pop("validation")
    else:
        bad.check()
        raise InputError(f"{folder} has no recording that val.csv or test.csv names; speakers for the test are wanted.")
    _refuse_shared_speakers(folder, files)
    notes = [f"{folder}: train.csv is for training, {rule}; no speaker is in two parts.", *notes]
    return from_files("asc", folder, files, bad, notes=notes, ear=ear, seed=seed, progress=progress)


def _refuse_shared_speakers(folder: Path, parts: Parts) -> None:
    for first, second in combinations(parts, 2):
        shared = {file.speaker for file in parts[first]} & {file.speaker for file in parts[second]}
        if shared:
            raise InputError(
                f"{folder}: the speaker {min(shared)!r} is in both the {first} part and the {second} part "
                f"({len(shared)} speakers are), which must not share speakers; the data set audio takes such tables."
            )


register(
    Entry(
        "asc",
        f"Arabic Speech Commands: 40 words by 30 speakers; {ROOT_VARIABLE} names its folder where ROOT is not given",
        load,
        classes=40,
        folder=_LAYOUT,
        options={
            "skip_bad": "Leave recordings out that can't be used, and count them, instead of refusing them.",
            "ear": EAR,
            "seed": "Seed of the ear's noise.",
        },
    )
)
