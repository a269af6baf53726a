"""`audio`: any folder of recordings of single words, one folder a word.

Two layouts are taken, with ``.wav`` and ``.flac`` files:

- ``root/<word>/<speaker>_<anything>.wav``, as Speech Commands has it. Whole speakers are held out for the
  test part.
- ``root/<split>/<word>/<speaker>_<anything>.wav`` with the splits ``train``, ``test`` and, if wanted,
  ``validation``.

The speaker is the part of the file's name before the first underscore. Folders whose name begins with ``_``
or ``.`` are left out (Speech Commands keeps its background noise in ``_background_noise_``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from models.errors import InputError
from pipeline.cochlea import Cochlea
from pipeline.data.container import SpikeData
from pipeline.data.datasets import Dataset
from pipeline.data.datasets.speaker_hash import held_out
from pipeline.data.datasets.word_folders import LAYOUT, Labelled, is_word, list_recordings
from pipeline.data.recordings import Utterance, file_key, to_spikes

SPLITS = ("train", "test", "validation")

_log = logging.getLogger(__name__)


def load(
    root: Path | None = None,
    *,
    test_percent: float = 10.0,
    seed: int = 0,
    cochlea: Cochlea | None = None,
    progress: bool = True,
) -> Dataset:
    """Return the recordings below a folder, split by its split folders or else by speaker.

    Parameters
    ----------
    root : Path
        The folder.
    test_percent : float
        Share of the speakers held out for the test part where there are no split folders. At 10 these are
        the speakers of Speech Commands' own test list. At least one is held out and one kept.
    seed : int
        Seed of the cochlea's noise, at least 0.
    cochlea : Cochlea, optional
        The standard one unless given.
    progress : bool
        Whether a progress bar is shown.

    Raises
    ------
    InputError
        If the folder is missing or not laid out as described above, if it has a single word or speaker, or if
        a recording can't be used.
    """
    if root is None:
        raise InputError(f"audio needs a folder, named with --root, or data.root in a config; {LAYOUT}.")
    if not 0 < test_percent < 100:
        raise InputError(f"audio: test_percent is {test_percent}, above 0 and below 100 is wanted.")
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root} is no folder; one with recordings as {LAYOUT}.")
    parts = _by_folder(root) if _has_splits(root) else _by_speaker(root, test_percent)
    everything = [one for part in parts.values() for one in part]
    words = {word: label for label, word in enumerate(sorted({one.word for one in everything}))}
    speakers = {name: index for index, name in enumerate(sorted({one.speaker for one in everything}))}
    if len(words) < 2:
        raise InputError(f"{root} has recordings of one word, {min(words)!r}; at least two words are wanted.")

    def convert(name: str, part: Sequence[Labelled]) -> SpikeData:
        return to_spikes(
            [Utterance(one.path, file_key(one.path), words[one.word], speakers[one.speaker]) for one in part],
            tuple(words),
            tuple(speakers),
            kind="audio",
            description=f"{root.name} {name}",
            cochlea=cochlea,
            seed=seed,
            progress=progress,
        )

    return Dataset(name="audio", **{name: convert(name, part) for name, part in parts.items()})


def _has_splits(root: Path) -> bool:
    """Return whether ``root`` has split folders: named so, and holding folders where a word's hold files."""
    found = {name for name in SPLITS if (root / name).is_dir() and any(is_word(p) for p in (root / name).iterdir())}
    if found and not {"train", "test"} <= found:
        raise InputError(
            f"{root} has the split folder {', '.join(sorted(found))} alone; both train and test are wanted."
        )
    others = [path.name for path in sorted(root.iterdir()) if is_word(path) and path.name not in found]
    if found and others:
        raise InputError(f"{root} has {others[0]!r} beside its split folders; {LAYOUT}.")
    return bool(found)


def _by_folder(root: Path) -> dict[str, list[Labelled]]:
    """Return the parts that the split folders state."""
    parts = {name: list_recordings(root / name) for name in SPLITS if (root / name).is_dir()}
    known = {one.word for one in parts["train"]}
    for name, part in parts.items():
        for one in part:
            if one.word not in known:
                raise InputError(f"{root / name / one.word} is a word that {root / 'train'} hasn't got.")
    for first, second in combinations(parts, 2):
        shared = {one.speaker for one in parts[first]} & {one.speaker for one in parts[second]}
        if shared:
            _log.warning(
                "%s: %d speakers are in both %s and %s, %s for one.",
                root,
                len(shared),
                first,
                second,
                min(shared),
            )
    return parts


def _by_speaker(root: Path, test_percent: float) -> dict[str, list[Labelled]]:
    """Return a split that holds out whole speakers."""
    recordings = list_recordings(root)
    speakers = sorted({one.speaker for one in recordings})
    if len(speakers) < 2:
        raise InputError(
            f"{root} has one speaker, {speakers[0]!r} (the part of the file name before the first "
            "underscore); at least two are wanted, or the folders train and test."
        )
    test = held_out(speakers, test_percent)
    unheard = {one.word for one in recordings} - {one.word for one in recordings if one.speaker not in test}
    if unheard:
        raise InputError(
            f"{root} has the word {min(unheard)!r} from held-out speakers only; recordings of it from "
            "others are wanted, or the folders train and test."
        )
    return {
        "train": [one for one in recordings if one.speaker not in test],
        "test": [one for one in recordings if one.speaker in test],
    }
