"""Recordings in one folder a word, each file named after its speaker."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError

SUFFIXES = (".wav", ".flac")
"""Endings of the files that are read, in lower or upper case."""

LAYOUT = "<word>/<speaker>_<anything>.wav, or the same below train and test"
"""The layout as error messages state it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class LabelledFile:
    """A recording and what its path states; recordings are ordered by word, speaker and file name."""

    word: str
    speaker: str
    name: str
    path: Path


def list_recordings(folder: Path) -> list[LabelledFile]:
    """Return the recordings of a folder of words, ordered by word, speaker and file name.

    Raises
    ------
    InputError
        If there are no word folders, if one has no recordings, or if a file's name states no speaker.
    """
    found: list[LabelledFile] = []
    ignored: list[Path] = []
    words = sorted(path for path in folder.iterdir() if is_word(path))
    if not words:
        raise InputError(f"{folder} has no folders of words; {LAYOUT}, is wanted.")
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
            found.append(LabelledFile(word.name, speaker, path.name, path))
        if len(found) == before:
            raise InputError(f"{word} has no recordings; .wav or .flac files are wanted.")
    if ignored:
        text = "%s: %d files are neither .wav nor .flac and are ignored, for example %s."
        _log.warning(text, folder, len(ignored), min(ignored))
    return sorted(found)


def is_word(path: Path) -> bool:
    """Return whether ``path`` is the folder of a word; folders that begin with ``_`` or ``.`` are not."""
    return path.is_dir() and not path.name.startswith(("_", "."))
