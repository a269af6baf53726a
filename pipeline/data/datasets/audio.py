"""`audio`: any folder of recordings of single words, one folder a word.

Two layouts are read, with ``.wav`` and ``.flac`` files:

- ``root/<word>/<speaker>_<anything>.wav``, the layout of Speech Commands. Whole speakers are held out for the
  test part.
- ``root/<split>/<word>/<speaker>_<anything>.wav`` with the splits ``train``, ``test`` and, optionally,
  ``validation``.

The speaker is the part of the file's name before the first underscore. Folders whose name begins with ``_``
or ``.`` are ignored (Speech Commands keeps its background noise in ``_background_noise_``).
"""

from __future__ import annotations

import logging
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import InputError
from pipeline.data.datasets.base import Dataset, Entry, converted, register
from pipeline.data.datasets.speaker_hash import held_out
from pipeline.data.datasets.word_folders import LAYOUT, LabelledFile, is_word, list_recordings
from pipeline.data.recordings import Utterance, file_key

if TYPE_CHECKING:
    from pipeline.cochlea import Cochlea

SPLITS = ("train", "test", "validation")

_log = logging.getLogger(__name__)


def load(
    root: Path,
    *,
    test_percent: float = 10.0,
    seed: int = 0,
    cochlea: Cochlea | None = None,
    progress: bool = True,
) -> Dataset:
    """Return the recordings below a folder, split by its split folders or, without them, by speaker.

    Parameters
    ----------
    root, seed, cochlea, progress
        The folder; for the others see `to_spikes`.
    test_percent : float
        Share of the speakers held out for the test part where there are no split folders. At 10 these are
        the speakers of Speech Commands' own test list. At least one is held out and one kept.

    Raises
    ------
    InputError
        If the folder is missing or its layout is none of the above, if it has a single word or speaker, or if
        a recording cannot be used.
    """
    if not 0 < test_percent < 100:
        raise InputError(f"audio: test_percent is {test_percent}, above 0 and below 100 is wanted.")
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root} is no folder; one with recordings as {LAYOUT}, is wanted.")
    parts = _by_folder(root) if _has_splits(root) else _by_speaker(root, test_percent)
    everything = [file for part in parts.values() for file in part]
    words = {word: label for label, word in enumerate(sorted({file.word for file in everything}))}
    speakers = {name: index for index, name in enumerate(sorted({file.speaker for file in everything}))}
    if len(words) < 2:
        raise InputError(f"{root} has recordings of one word, {min(words)!r}; at least two words are wanted.")
    utterances = {
        name: [Utterance(file.path, file_key(file.path), words[file.word], speakers[file.speaker]) for file in part]
        for name, part in parts.items()
    }
    options = {"cochlea": cochlea, "seed": seed, "progress": progress}
    return converted("audio", utterances, tuple(words), tuple(speakers), title=root.name, **options)


def _has_splits(root: Path) -> bool:
    """Return whether ``root`` has split folders: folders named after a split that hold folders and not files."""
    found = {name for name in SPLITS if (root / name).is_dir() and any(is_word(p) for p in (root / name).iterdir())}
    if found and not {"train", "test"} <= found:
        raise InputError(
            f"{root} has the split folder {', '.join(sorted(found))} alone; both train and test are wanted."
        )
    others = [path.name for path in sorted(root.iterdir()) if is_word(path) and path.name not in found]
    if found and others:
        raise InputError(f"{root} has {others[0]!r} beside its split folders; {LAYOUT}, is wanted.")
    return bool(found)


def _by_folder(root: Path) -> dict[str, list[LabelledFile]]:
    """Return the parts that the split folders define."""
    parts = {name: list_recordings(root / name) for name in SPLITS if (root / name).is_dir()}
    known = {file.word for file in parts["train"]}
    for name, part in parts.items():
        for file in part:
            if file.word not in known:
                raise InputError(f"{root / name / file.word} is a word that {root / 'train'} does not have.")
    for first, second in combinations(parts, 2):
        shared = {file.speaker for file in parts[first]} & {file.speaker for file in parts[second]}
        if shared:
            text = "%s: %d speakers are in both %s and %s, for example %s."
            _log.warning(text, root, len(shared), first, second, min(shared))
    return parts


def _by_speaker(root: Path, test_percent: float) -> dict[str, list[LabelledFile]]:
    """Return a split that holds out whole speakers."""
    recordings = list_recordings(root)
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


register(
    Entry(
        "audio",
        "Any folder of labelled recordings, converted by the cochlea",
        load,
        folder=f"recordings as {LAYOUT}",
        needs_folder=True,
        options={
            "test_percent": "Share of the speakers held out for the test part.",
            "seed": "Seed of the cochlea's noise.",
        },
    )
)
