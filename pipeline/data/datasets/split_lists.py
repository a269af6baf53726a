"""Lists in a folder that say which of its recordings are for training, validation and test.

Two kinds are read: ``testing_list.txt`` and ``validation_list.txt`` as Speech Commands has them, with a line
``<word>/<file>`` for each recording, where all others are for training; and tables ``train.csv``, ``val.csv`` and
``test.csv`` with the columns ``file`` and ``class``, as Arabic Speech Commands has them, where others are left out.

What a list states is only compared with the recordings that are there: no path is made of it.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError
from pipeline.data.datasets.word_folders import SUFFIXES, LabelledFile, labelled, list_recordings
from pipeline.data.names import composed
from pipeline.data.unusable import Unusable

TEXTS = {"testing_list.txt": "test", "validation_list.txt": "validation"}
"""Speech Commands' lists, and the part that each names."""

_VALIDATION = ("val.csv", "valid.csv", "validation.csv")
TABLES = {"train.csv": "train", **dict.fromkeys(_VALIDATION, "validation"), "test.csv": "test"}
COLUMNS = ("file", "class")

Parts = dict[str, list[LabelledFile]]


@dataclass(frozen=True)
class Line:
    """A line of a list: a recording below the folder, with slashes, and its class, if the list states it."""

    file: str
    word: str
    where: str
    """The list and the number of the line."""


def find_lists(root: Path) -> dict[str, str]:
    """Return the lists of a folder and the part that each names.

    Raises
    ------
    InputError
        If there are lists of both kinds, two for one part, or tables without one for training.
    """
    texts, tables = ([name for name in kind if (root / name).is_file()] for kind in (TEXTS, TABLES))
    if texts and tables:
        raise InputError(f"{root} has {texts[0]} and {tables[0]}, one kind of lists is wanted; move the other away.")
    found = {name: (TEXTS | TABLES)[name] for name in texts or tables}
    for part in found.values():
        names = [name for name in found if found[name] == part]
        if len(names) > 1:
            raise InputError(f"{root} has {' and '.join(names)}, which name one part; move one of them away.")
    if tables and "train" not in found.values():
        raise InputError(f"{root} has {' and '.join(tables)} and no train.csv, which is wanted beside it.")
    return found


def by_lists(root: Path, lists: dict[str, str], bad: Unusable) -> tuple[Parts, str, list[str]]:
    """Return the parts that a folder's lists make, the rule in words, and what else to say of them.

    A list of validation or test recordings none of which is there, as in a part of a data set, makes no part.

    Raises
    ------
    InputError
        If a list can't be read, contradicts another, or leaves nothing for training.
    """
    rule = f"split by {' and '.join(lists)}"
    if set(lists) & set(TABLES):
        parts, notes = _by_tables(root, lists, bad)
    else:
        parts, notes = _by_texts(root, lists, list_recordings(root, bad))
        rule += f", and what {'they do' if len(lists) > 1 else 'it does'} not name is for training"
    if not parts["train"]:
        raise InputError(f"{root} has no recording for training, by {' and '.join(lists)}; {notes[0] if notes else ''}")
    return {part: files for part, files in parts.items() if files}, rule, notes


def _by_texts(root: Path, lists: dict[str, str], files: list[LabelledFile]) -> tuple[Parts, list[str]]:
    """Return the parts that Speech Commands' lists make of the recordings of word folders, and what to say of them."""
    places: dict[str, list[Path]] = {}
    for file in files:
        places.setdefault(f"{file.word}/{file.name}", []).append(file.path)
    chosen, notes = _choose(root, lists, places)
    parts: Parts = {"train": [], **{part: [] for part in lists.values()}}
    for file in files:
        part, _ = chosen.get(file.path, ("train", None))
        parts[part].append(file)
    return parts, notes


def _by_tables(root: Path, lists: dict[str, str], bad: Unusable) -> tuple[Parts, list[str]]:
    """Return the parts that tables state, and what to say of them; listed files that tell no speaker go to ``bad``."""
    places: dict[str, list[Path]] = {}
    for path in _recordings(root):
        places.setdefault(composed(path.relative_to(root).as_posix()), []).append(path)
    chosen, notes = _choose(root, lists, places)
    parts: Parts = {part: [] for part in lists.values()}
    for path, (part, line) in chosen.items():
        file = labelled(path, line.word, bad)
        if file is not None:
            parts[part].append(file)
    others = [path for found in places.values() for path in found if path not in chosen]
    if others:
        text = "%d recordings are in none of %s and are left out, for example %s."
        notes.append(text % (len(others), ", ".join(lists), min(others)))
    return {part: sorted(found) for part, found in parts.items()}, notes


def _choose(
    root: Path, lists: dict[str, str], places: dict[str, list[Path]]
) -> tuple[dict[Path, tuple[str, Line]], list[str]]:
    """Return the part and the line of each listed recording, and notes on what lists name and is not there."""
    chosen: dict[Path, tuple[str, Line]] = {}
    notes = []
    for name, part in lists.items():
        lines = list(_read_table(root / name) if name in TABLES else _read_text(root / name))
        missing = []
        for line in lines:
            # Where lists were made on Windows, folders end in backslashes.
            found = places.get(line.file) or places.get(line.file.replace("\\", "/")) or []
            if not found:
                missing.append(line)
            for path in found:
                before, other = chosen.setdefault(path, (part, line))
                if before != part or other.word != line.word:
                    raise InputError(
                        f"{path} is in two lists or classes: {other.where}, and {line.where}; one is wanted."
                    )
        if missing:
            text = "%s names %d recordings that are not there (of %d), for example %s."
            notes.append(text % (root / name, len(missing), len(lines), missing[0].file))
    return chosen, notes


def _read_text(path: Path) -> Iterator[Line]:
    """Yield the lines of a list of Speech Commands."""
    for number, text in enumerate(_content(path).split("\n"), 1):
        if text.strip():
            yield Line(_file(text), "", f"{path.name}, line {number}")


def _read_table(path: Path) -> Iterator[Line]:
    """Yield the lines of a table."""
    reader = csv.DictReader(io.StringIO(_content(path), newline=""))
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            found = ", ".join(map(str, reader.fieldnames or ())) or "none"
            raise InputError(f"{path} has no column {missing[0]!r}, {','.join(COLUMNS)} are wanted (found: {found}).")
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            if not (row["file"] or "").strip() or not (row["class"] or "").strip():
                raise InputError(f"{path}, line {reader.line_num}: a file and a class are wanted.")
            yield Line(_file(row["file"]), composed(row["class"].strip()), where)
    except csv.Error as error:
        raise InputError(f"{path} is no CSV after line {reader.line_num}: {error}.") from None


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not in UTF-8; save it again in that encoding.") from None


def _file(text: str) -> str:
    """Return a recording as lists name it: below the folder, in one Unicode form."""
    return composed(text.strip()).removeprefix("./")


def _recordings(root: Path) -> Iterator[Path]:
    """Yield all recordings below a folder, hidden ones left out, links to folders followed but not in circles."""
    seen = set()
    for folder, inner, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name.lower().endswith(SUFFIXES):
                yield Path(folder, name)
