"""A data set of labelled files: classes and speakers get the numbers of their names in alphabetical order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.errors import InputError
from pipeline.data.datasets.base import Dataset, converted, utterances
from pipeline.data.datasets.split_lists import Parts
from pipeline.data.names import warn_of_case, warn_of_twins
from pipeline.data.unusable import Unusable


def from_files(
    name: str, root: Path, files: Parts, bad: Unusable, *, title: str = "", notes: Sequence[str] = (), **options: Any
) -> Dataset:
    """Return a data set of the files of each part; see `converted` for the other parameters.

    Raises
    ------
    InputError
        If there is a single word, if a word has no recording for training, or if recordings can't be used.
    """
    trained = {file.word for file in files["train"]}
    everything = [file for part in files.values() for file in part]
    for file in everything:
        if file.word not in trained:
            bad.check()  # Recordings that can't be used may be the reason.
            raise InputError(f"{file.path}: {file.word!r} is a word that no recording for training has.")
    warn_of_twins(file.path for file in everything)
    words = {word: label for label, word in enumerate(sorted(trained))}
    speakers = {speaker: index for index, speaker in enumerate(sorted({file.speaker for file in everything}))}
    for names, what in ((words, "words"), (speakers, "speakers")):
        warn_of_case(names, what, root)
    if len(words) < 2:
        raise InputError(f"{root} has recordings of one word, {min(words)!r}; at least two words are wanted.")
    parts = {
        part: utterances(((file.path, words[file.word], speakers[file.speaker]) for file in listed), bad)
        for part, listed in files.items()
    }
    return converted(
        name,
        parts,
        tuple(words),
        tuple(speakers),
        title=title,
        bad=bad,
        notes=notes,
        trained=range(len(words)),
        **options,
    )
