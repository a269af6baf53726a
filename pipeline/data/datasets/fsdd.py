"""`fsdd`: the Free Spoken Digit Dataset (Jackson et al.), a folder of files ``{digit}_{speaker}_{index}.wav``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError
from pipeline.data.datasets.base import EAR, Dataset, Entry, converted, named_folder, register, utterances
from pipeline.data.names import composed, warn_of_case, warn_of_twins
from pipeline.data.unusable import Unusable
from pipeline.data.voices import DIGITS_CLASSES
from pipeline.ears.registry import DEFAULT, Ear

ROOT_VARIABLE = "SPOKEN_SPIKES_FSDD"
"""Environment variable with the folder, used where no root is given."""

CLASSES = DIGITS_CLASSES[:10]
"""The ten English digits, zero to nine."""

TEST_INDICES = 5
"""Recordings with an index below this are the test part; this is the data set's own convention."""

RULE = f"split by index: recordings with an index below {TEST_INDICES} are the test part; speakers are in both parts."

_NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<index>\d+)\.wav", re.ASCII)


@dataclass(frozen=True, order=True)
class DigitFile:
    """One recording of the data set; recordings are ordered by digit, speaker and index."""

    digit: int
    speaker: str
    index: int
    path: Path


def load(
    root: Path | None = None,
    *,
    skip_bad: bool = False,
    seed: int = 0,
    ear: str | Ear = DEFAULT,
    progress: bool = True,
) -> Dataset:
    """Return the set split by index; every speaker is in both parts.

    Parameters
    ----------
    root : Path, optional
        The data set's folder or its ``recordings`` folder; the default is the value of `ROOT_VARIABLE`.
    skip_bad : bool
        Whether recordings that are misnamed or can't be used are left out and counted instead of refused.
    seed, ear, progress
        See `to_spikes`.

    Raises
    ------
    InputError
        If there is no such folder, if recordings are misnamed or cannot be used (the message names all of these), or
        if a part is empty.
    """
    folder, bad = find_folder(root), Unusable(skip_bad)
    files = list_recordings(folder, bad)
    speakers = tuple(sorted({file.speaker for file in files}))
    warn_of_case(speakers, "speakers", folder)
    warn_of_twins(file.path for file in files)
    parts: dict[str, list[DigitFile]] = {"train": [], "test": []}
    for file in files:
        parts["test" if file.index < TEST_INDICES else "train"].append(file)
    for name, wanted in (("train", f"of {TEST_INDICES} and more"), ("test", f"below {TEST_INDICES}")):
        if not parts[name]:
            bad.check()
            raise InputError(f"{folder} has no recording for the {name} part; an index {wanted} is wanted.")
    heard = {
        name: utterances(((file.path, file.digit, speakers.index(file.speaker)) for file in part), bad)
        for name, part in parts.items()
    }
    return converted(
        "fsdd",
        heard,
        CLASSES,
        speakers,
        bad=bad,
        notes=[RULE],
        trained={file.digit for file in parts["train"]},
        ear=ear,
        seed=seed,
        progress=progress,
    )


def find_folder(root: Path | None) -> Path:
    """Return the folder that holds the recordings; refuse none, and one that does not exist."""
    folder = named_folder("fsdd", root, ROOT_VARIABLE)
    return folder / "recordings" if (folder / "recordings").is_dir() else folder


def list_recordings(folder: Path, bad: Unusable) -> list[DigitFile]:
    """Return the recordings of a folder, ordered by digit, speaker and index.

    Those that are not named ``{digit}_{speaker}_{index}.wav`` go to ``bad``.

    Raises
    ------
    InputError
        If there are none.
    """
    files = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() != ".wav":
            continue
        match = _NAME.fullmatch(composed(path.name))
        if match is None:
            bad.reasons.append(
                f"{path} is not named as fsdd's recordings are; {{digit}}_{{speaker}}_{{index}}.wav is wanted."
            )
            continue
        files.append(DigitFile(int(match["digit"]), match["speaker"], int(match["index"]), path))
    if not files:
        bad.check()
        raise InputError(f"{folder} has no recordings; files named {{digit}}_{{speaker}}_{{index}}.wav are wanted.")
    return sorted(files)


register(
    Entry(
        "fsdd",
        f"Free Spoken Digit Dataset: the digits zero to nine; {ROOT_VARIABLE} names its folder where ROOT is not given",
        load,
        folder="recordings named {digit}_{speaker}_{index}.wav",
        classes=len(CLASSES),
        options={
            "skip_bad": "Leave recordings out that are misnamed or can't be used, and count them, instead of refusing.",
            "ear": EAR,
            "seed": "Seed of the ear's noise.",
        },
    )
)
