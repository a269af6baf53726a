"""`fsdd`: the Free Spoken Digit Dataset (Jackson et al.), a folder of ``{digit}_{speaker}_{index}.wav``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from models.errors import InputError
from pipeline.cochlea import Cochlea
from pipeline.data.container import SpikeData
from pipeline.data.datasets import Dataset
from pipeline.data.recordings import Utterance, file_key, to_spikes
from pipeline.data.voices import DIGITS_CLASSES

ROOT_VARIABLE = "SPOKEN_SPIKES_FSDD"
"""The environment variable that names the folder where no root is given."""

CLASSES = DIGITS_CLASSES[:10]
"""The ten English digits, zero to nine."""

TEST_INDICES = 5
"""Recordings with an index below this are the test part, by the data set's own convention."""

_NAME = re.compile(r"(?P<digit>\d)_(?P<speaker>[^_]+)_(?P<index>\d+)\.wav", re.ASCII)


@dataclass(frozen=True, order=True)
class Take:
    """One recording of the folder; takes are ordered by digit, speaker and index."""

    digit: int
    speaker: str
    index: int
    path: Path


def load(root: Path | None = None, *, seed: int = 0, cochlea: Cochlea | None = None, progress: bool = True) -> Dataset:
    """Return the set on its index split, in which every speaker is in both parts.

    Parameters
    ----------
    root : Path, optional
        The data set's folder or its ``recordings`` folder; unless given, what the environment variable
        ``SPOKEN_SPIKES_FSDD`` names.
    seed : int
        Seed of the cochlea's noise, at least 0.
    cochlea : Cochlea, optional
        The standard one unless given.
    progress : bool
        Whether a progress bar is shown.

    Raises
    ------
    InputError
        If there is no such folder, if a recording is misnamed or can't be used, or if a part would be empty.
    """
    folder = find_folder(root)
    takes = list_takes(folder)
    speakers = tuple(sorted({take.speaker for take in takes}))

    def part(name: str, chosen: list[Take]) -> SpikeData:
        if not chosen:
            wanted = f"below {TEST_INDICES}" if name == "test" else f"of {TEST_INDICES} and more"
            raise InputError(f"{folder} has no recording for the {name} part; an index {wanted} is wanted.")
        return to_spikes(
            [Utterance(take.path, file_key(take.path), take.digit, speakers.index(take.speaker)) for take in chosen],
            CLASSES,
            speakers,
            kind="fsdd",
            description=f"fsdd {name}",
            cochlea=cochlea,
            seed=seed,
            progress=progress,
        )

    return Dataset(
        name="fsdd",
        train=part("train", [take for take in takes if take.index >= TEST_INDICES]),
        test=part("test", [take for take in takes if take.index < TEST_INDICES]),
    )


def find_folder(root: Path | None) -> Path:
    """Return the folder that holds the recordings.

    Raises
    ------
    InputError
        If none is named or it is not there.
    """
    named = root or os.environ.get(ROOT_VARIABLE)
    if not named:
        raise InputError(
            "fsdd needs the folder of its recordings; name it with --root, with data.root in a config or in the "
            f"environment variable {ROOT_VARIABLE}."
        )
    folder = Path(named)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; the folder of fsdd's recordings is wanted.")
    return folder / "recordings" if (folder / "recordings").is_dir() else folder


def list_takes(folder: Path) -> list[Take]:
    """Return the recordings of a folder, ordered by digit, speaker and index.

    Raises
    ------
    InputError
        If there are none, or if one isn't named ``{digit}_{speaker}_{index}.wav``.
    """
    takes = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() != ".wav":
            continue
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise InputError(
                f"{path} is not named as fsdd's recordings are; {{digit}}_{{speaker}}_{{index}}.wav is wanted."
            )
        takes.append(Take(int(match["digit"]), match["speaker"], int(match["index"]), path))
    if not takes:
        raise InputError(f"{folder} has no recordings; files named {{digit}}_{{speaker}}_{{index}}.wav are wanted.")
    return sorted(takes)
