"""A folder of words, each a folder of recordings named by their speakers: what is in it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError

SUFFIXES = (".wav", ".flac")
"""Endings of the files that are taken, in small or capital letters."""

LAYOUT = "<word>/<speaker>_<anything>.wav, or the same below train and test, is wanted"
"""What error messages say of the layout."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Labelled:
    """A recording with what its path says; recordings are ordered by word, speaker and file name."""

    word: str
    speaker: str
    name: str
    path: Path


def list_recordings(folder: Path) -> list[Labelled]:
    """Return the recordings of a folder of words, ordered by word, speaker and file name.

    Raises
    ------
    InputError
        If there are no word folders, if one has no recordings, or if a file's name tells no speaker.
    """
    found: list[Labelled] = []
    ignored: list[Path] = []
    words = sorted(path for path in folder.iterdir() if is_word(path))
    if not words:
        raise InputError(f"{folder} has no folders of words; {LAYOUT}.")
    for word in words:
        before = len(found)
        for path in word.iterdir():
            if path.name.startswith("."):
                continue
            if path.suffix.lower() not in SUFFIXES:
                ignored.append(path)
                continue
            speaker, underscore, _ = path.name.partition("_")
            if not speaker or not underscore:
                raise InputError(f"{path} tells no speaker; <speaker>_<anything>{path.suffix} is wanted.")
            found.append(Labelled(word.name, speaker, path.name, path))
        if len(found) == before:
            raise InputError(f"{word} has no recordings; .wav or .flac files are wanted.")
    if ignored:
        _log.warning(
            "%s: %d files are neither .wav nor .flac and are left out, %s for one.",
            folder,
            len(ignored),
            min(ignored),
        )
    return sorted(found)


def is_word(path: Path) -> bool:
    """Return whether ``path`` is the folder of a word; folders that begin with ``_`` or ``.`` are not."""
    return path.is_dir() and not path.name.startswith(("_", "."))
