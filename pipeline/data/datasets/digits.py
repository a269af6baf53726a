"""`digits`: the twenty words zero..nine and null..neun, spoken here by espeak-ng; needs no download."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from pipeline.cochlea import Cochlea
from pipeline.data import espeak, voices
from pipeline.data.datasets import Dataset
from pipeline.data.recordings import Utterance, to_spikes
from pipeline.data.voices import DIGITS_CLASSES, VOICES, WORDS, Voice

FULL = 43
"""Utterances of each word by each voice that make a set of SHD's size: 12 voices * 20 words * 43 = 10,320."""

SPEAKERS = tuple(voice.name for voice in VOICES)
"""Names of the speakers, in the order of ``pipeline.data.voices.VOICES``."""


@dataclass(frozen=True)
class Spoken:
    """A source of sound: espeak-ng, asked for one utterance."""

    request: espeak.Request

    def __call__(self) -> tuple[NDArray[np.float64], int]:
        """Return the samples, shape (n,), and their rate in Hz."""
        return voices.utter(self.request), espeak.SAMPLE_RATE

    @property
    def key(self) -> str:
        """Hash of what the sound depends on, which is quicker to come by than the sound itself."""
        parts = (espeak.fingerprint(), voices.VERSION, *astuple(self.request))
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def load(
    root: Path | None = None,
    *,
    utterances: int = FULL,
    seed: int = 0,
    cochlea: Cochlea | None = None,
    progress: bool = True,
) -> Dataset:
    """Return the set; what has been made before comes from the cache.

    The training part has ten voices, the test part two others, a male and a female one.

    Parameters
    ----------
    root : None
        There is no folder to name.
    utterances : int
        How often each voice says each word, at least 1.
    seed : int
        Seed of the draws of rate, pitch, intonation and loudness and of the cochlea's noise, at least 0.
    cochlea : Cochlea, optional
        The standard one unless given.
    progress : bool
        Whether a progress bar is shown.

    Raises
    ------
    InputError
        If a folder is given, or a number is out of range.
    """
    if root is not None:
        raise InputError(f"digits is made here and takes no folder, found {root}; leave the root out.")
    if utterances < 1 or seed < 0:
        raise InputError(
            f"digits: utterances is {utterances} and seed is {seed}, wanted are at least 1 and at least 0."
        )
    parts = {}
    for name, held_out in (("train", False), ("test", True)):
        parts[name] = to_spikes(
            spoken([voice for voice in VOICES if voice.held_out is held_out], utterances, seed),
            DIGITS_CLASSES,
            SPEAKERS,
            kind="digits",
            description=f"digits {name}",
            cochlea=cochlea,
            seed=seed,
            progress=progress,
        )
    return Dataset(name="digits", train=parts["train"], test=parts["test"])


def spoken(chosen: list[Voice], utterances: int, seed: int) -> list[Utterance]:
    """Return every word by every voice ``utterances`` times, ordered by voice, word and number."""
    listed = []
    for voice in chosen:
        for label, word in enumerate(WORDS):
            for index in range(utterances):
                source = Spoken(voices.draw(voice, word, index, seed))
                listed.append(Utterance(source, source.key, label, SPEAKERS.index(voice.name)))
    return listed
