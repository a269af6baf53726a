"""`digits`: the twenty words zero..nine and null..neun, synthesised by espeak-ng; needs no download."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from pipeline.data import espeak, voices
from pipeline.data.datasets.base import Dataset, Entry, register
from pipeline.data.recordings import Utterance, to_spikes
from pipeline.data.voices import DIGITS_CLASSES, VOICES, WORDS, Voice

if TYPE_CHECKING:
    from pipeline.cochlea import Cochlea

FULL = 43
"""Utterances of each word by each voice that give a set of SHD's size: 12 voices * 20 words * 43 = 10,320."""

SPEAKERS = tuple(voice.name for voice in VOICES)
"""Names of the speakers, in the order of ``pipeline.data.voices.VOICES``."""


@dataclass(frozen=True)
class Spoken:
    """A source of sound: espeak-ng with one request."""

    request: espeak.Request

    def __call__(self) -> tuple[NDArray[np.float64], int]:
        """Return the samples, shape (n,), and their rate in Hz."""
        return voices.utter(self.request), espeak.SAMPLE_RATE

    @property
    def key(self) -> str:
        """Hash of everything that the sound depends on; faster to compute than the sound itself."""
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
    """Return the set; what was made before comes from the cache.

    The training part has ten voices, the test part two others, one male and one female.

    Parameters
    ----------
    root : None
        The set has no folder.
    utterances : int
        How often each voice says each word, at least 1.
    seed : int
        Seed of the draws of rate, pitch, intonation and loudness and of the cochlea's noise, at least 0.
    cochlea, progress
        See `to_spikes`.

    Raises
    ------
    InputError
        If a number is out of range.
    """
    if utterances < 1 or seed < 0:
        raise InputError(
            f"digits: utterances is {utterances} and seed is {seed}, wanted are at least 1 and at least 0."
        )
    parts = {
        name: to_spikes(
            spoken([voice for voice in VOICES if voice.held_out is held_out], utterances, seed),
            DIGITS_CLASSES,
            SPEAKERS,
            kind="digits",
            description=f"digits {name}",
            cochlea=cochlea,
            seed=seed,
            progress=progress,
        )
        for name, held_out in (("train", False), ("test", True))
    }
    return Dataset(name="digits", **parts)


def spoken(chosen: list[Voice], utterances: int, seed: int) -> list[Utterance]:
    """Return every word by every voice ``utterances`` times, ordered by voice, word and number."""
    requests = (
        (voices.draw(voice, word, index, seed), label, SPEAKERS.index(voice.name))
        for voice in chosen
        for label, word in enumerate(WORDS)
        for index in range(utterances)
    )
    return [Utterance(source := Spoken(request), source.key, label, speaker) for request, label, speaker in requests]


register(
    Entry(
        "digits",
        "The 20 words of SHD from 12 synthetic voices (espeak-ng); needs no download",
        load,
        classes=len(DIGITS_CLASSES),
        options={
            "utterances": "Utterances of each word by each voice.",
            "seed": "Seed of the utterances and of the cochlea's noise.",
        },
    )
)
