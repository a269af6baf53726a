"""`audio`: any folder of recordings of single words, one folder a word.

Three layouts are read, with ``.wav`` and ``.flac`` files:

- ``root/<word>/<speaker>_<anything>.wav``, the layout of Speech Commands. Its lists make the split; where there are
  none, whole speakers are held out for the test part.
- ``root/<split>/<word>/<speaker>_<anything>.wav`` with the splits ``train``, ``test`` and, optionally,
  ``validation``.
- ``root/train.csv`` and others with the columns ``file`` and ``class``; see `pipeline.data.datasets.split_lists`.

The speaker is the part of the file's name before the first underscore. Folders whose name begins with ``_``
or ``.`` are left out, except for ``_silence_`` and ``_unknown_`` (Speech Commands keeps its background noise in
``_background_noise_``).
"""

from __future__ import annotations

import logging
from itertools import combinations
from pathlib import Path

from models.errors import InputError
from pipeline.data.datasets.base import EAR, Dataset, Entry, register
from pipeline.data.datasets.labelled_files import from_files
from pipeline.data.datasets.speaker_hash import held_out
from pipeline.data.datasets.split_lists import TABLES, Parts, by_lists, find_lists
from pipeline.data.datasets.word_folders import (
    LAYOUT,
    SPECIAL_WORDS,
    LabelledFile,
    is_word,
    left_out,
    list_recordings,
)
from pipeline.data.unusable import Unusable
from pipeline.ears.registry import DEFAULT, Ear
from pipeline.paths import expanded

SPLITS = ("train", "test", "validation")

_log = logging.getLogger(__name__)


def load(
    root: Path,
    *,
    test_percent: float = 10.0,
    skip_bad: bool = False,
    seed: int = 0,
    ear: str | Ear = DEFAULT,
    progress: bool = True,
) -> Dataset:
    """Return the recordings below a folder, split by its lists, by its split folders or, without them, by speaker.

    Parameters
    ----------
    root, seed, ear, progress
        The folder; for the others see `to_spikes`.
    test_percent : float
        Share of the speakers held out for the test part where no list and no folder makes it. At 10 these are
        the speakers of Speech Commands' own test list. At least one is held out and one kept.
    skip_bad : bool
        Whether recordings that can't be used are left out and counted instead of refused.

    Raises
    ------
    InputError
        If the folder is missing or its layout is none of the above, if it has a single word or speaker, if a list
        contradicts itself, or if recordings cannot be used; the message names all of these.
    """
    if not 0 < test_percent < 100:
        raise InputError(f"audio: test_percent is {test_percent}, above 0 and below 100 is wanted.")
    root = expanded(root)
    if not root.is_dir():
        raise InputError(f"{root} is no folder; one with recordings as {LAYOUT}, is wanted.")
    bad = Unusable(skip_bad)
    try:
        files, notes = _split(root, test_percent, bad)
    except InputError:
        bad.check()  # Recordings that can't be used may be the reason.
        raise
    return from_files("audio", root, files, bad, title=root.name, notes=notes, ear=ear, seed=seed, progress=progress)


def _split(root: Path, test_percent: float, bad: Unusable) -> tuple[Parts, list[str]]:
    """Return the parts that a folder's lists, its split folders or its speakers make, and what to say of them."""
    lists, folders = find_lists(root), _split_folders(root)
    if lists and folders:
        raise InputError(
            f"{root} has the folders {', '.join(folders)} and also {' and '.join(lists)}; "
            "one split is wanted, move the other away."
        )
    notes = [note for folder in (root, *(root / name for name in folders)) for note in left_out(folder)]
    if folders:
        parts: Parts = {name: list_recordings(root / name, bad) for name in folders}
        rule = f"split by the folders {', '.join(folders)}"
    elif lists:
        parts, rule, said = by_lists(root, lists, bad)
        notes = said if set(lists) & set(TABLES) else notes + said
    else:
        parts, rule = {"train": list_recordings(root, bad)}, "no list and no folder makes the split"
    if not parts["train"]:
        raise InputError(f"{root} has no recording for training that tells its speaker; {LAYOUT}, is wanted.")
    if "test" not in parts:
        speakers = {file.speaker for file in parts["train"]}
        parts |= _hold_out_speakers(root, parts["train"], test_percent)
        held = {file.speaker for file in parts["test"]}
        rule += f"; held out for the test part, by a hash of their names: {len(held)} of {len(speakers)} speakers"
    _warn_of_shared_speakers(root, parts)
    return parts, [f"{root}: {rule}.", *notes]


def _split_folders(root: Path) -> list[str]:
    """Return the split folders of ``root``: folders named after a split that hold folders and not files."""
    found = [name for name in SPLITS if (root / name).is_dir() and any(is_word(p) for p in (root / name).iterdir())]
    if found and not {"train", "test"} <= set(found):
        raise InputError(f"{root} has the split folder {', '.join(found)} alone; both train and test are wanted.")
    words = (path.name for path in sorted(root.iterdir()) if is_word(path))
    others = [word for word in words if word not in (*found, *SPECIAL_WORDS)]
    if found and others:
        raise InputError(f"{root} has {others[0]!r} beside its split folders; {LAYOUT}, is wanted.")
    return found


def _hold_out_speakers(root: Path, recordings: list[LabelledFile], test_percent: float) -> Parts:
    """Return a training and a test part; whole speakers are held out for the latter."""
    speakers = sorted({file.speaker for file in recordings})
    if len(speakers) < 2:
        raise InputError(
            f"{root} has one speaker, {speakers[0]!r} (the part of the file name before the first "
            "underscore); at least two are wanted, or the folders train and test."
        )
    held = held_out(speakers, test_percent)
    train = [file for file in recordings if file.speaker not in held]
    test = [file for file in recordings if file.speaker in held]
    unheard = {file.word for file in test} - {file.word for file in train}
    if unheard:
        raise InputError(
            f"{root} has the word {min(unheard)!r} from held-out speakers only; recordings of it from "
            "others are wanted, or the folders train and test."
        )
    return {"train": train, "test": test}


def _warn_of_shared_speakers(root: Path, parts: Parts) -> None:
    for first, second in combinations(parts, 2):
        shared = {file.speaker for file in parts[first]} & {file.speaker for file in parts[second]}
        if shared:
            text = "%s: %d speakers are in both %s and %s, for example %s."
            _log.warning(text, root, len(shared), first, second, min(shared))


register(
    Entry(
        "audio",
        "Any folder of labelled recordings, converted by an ear",
        load,
        folder=f"recordings as {LAYOUT}",
        needs_folder=True,
        options={
            "test_percent": "Share of the speakers held out for the test part where no list or folder makes it.",
            "skip_bad": "Leave recordings out that can't be used, and count them, instead of refusing them.",
            "ear": EAR,
            "seed": "Seed of the ear's noise.",
        },
    )
)
