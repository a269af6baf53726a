"""Recordings in one folder a word, each file named after its speaker."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError
from pipeline.data.names import composed
from pipeline.data.unusable import Unusable

SUFFIXES = (".wav", ".flac")
"""Endings of the files that are read, in lower or upper case."""

SPECIAL_WORDS = ("_silence_", "_unknown_")
"""Classes of Speech Commands' tasks whose folders are taken as words, where they hold recordings."""

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


def list_recordings(folder: Path, bad: Unusable) -> list[LabelledFile]:
    """Return the recordings of a folder of words, ordered by word, speaker and file name.

    Those whose name states no speaker go to ``bad``.

    Raises
    ------
    InputError
        If there are no word folders, or if one has no recordings.
    """
    found: list[LabelledFile] = []
    ignored: list[Path] = []
    words = sorted(path for path in folder.iterdir() if is_word(path))
    if not words:
        raise InputError(f"{folder} has no folders of words; {LAYOUT}, is wanted.")
    loose = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if loose:
        text = "%s: %d recordings lie beside the folders of words, not in one, and are ignored, for example %s."
        _log.warning(text, folder, len(loose), min(loose))
    for name, count in Counter(composed(word.name) for word in words).items():
        if count > 1:
            _log.warning(
                "%s: %d folders are called %r in different Unicode forms; they are one word.", folder, count, name
            )
    for word in words:
        recordings = [path for path in word.iterdir() if not path.name.startswith(".")]
        ignored += [path for path in recordings if path.suffix.lower() not in SUFFIXES]
        recordings = [path for path in recordings if path.suffix.lower() in SUFFIXES]
        if not recordings and word.name not in SPECIAL_WORDS:
            raise InputError(f"{word} has no recordings; .wav or .flac files are wanted.")
        files = (labelled(path, word.name, bad) for path in recordings)
        found += [file for file in files if file is not None]
    if ignored:
        text = "%s: %d files are neither .wav nor .flac and are ignored, for example %s."
        _log.warning(text, folder, len(ignored), min(ignored))
    return sorted(found)


def labelled(path: Path, word: str, bad: Unusable) -> LabelledFile | None:
    """Return a recording of a word, or None if the file's name states no speaker, which goes to ``bad``."""
    name = composed(path.name)
    speaker, underscore, _ = name.partition("_")
    if not speaker or not underscore:
        bad.reasons.append(f"{path} tells no speaker; <speaker>_<anything>{path.suffix} is wanted.")
        return None
    return LabelledFile(composed(word), speaker, name, path)


def is_word(path: Path) -> bool:
    """Return whether ``path`` is the folder of a word; most that begin with ``_``, and those with ``.``, are not."""
    return path.is_dir() and (path.name in SPECIAL_WORDS or not path.name.startswith(("_", ".")))


def left_out(folder: Path) -> list[str]:
    """Return what to say of folders that hold no words, such as Speech Commands' background noise."""
    return [
        f"{path} is left out: folders that begin with _ are no words, except for {' and '.join(SPECIAL_WORDS)}."
        for path in sorted(folder.iterdir())
        if path.is_dir() and path.name.startswith("_") and not is_word(path)
    ]
