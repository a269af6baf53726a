"""`digits`: the twenty words zero..nine and null..neun, synthesised by espeak-ng; needs no download."""

from __future__ import annotations

import hashlib
from dataclasses import astuple
from pathlib import Path

from models.errors import InputError
from pipeline.data import espeak, voices
from pipeline.data.datasets.base import EAR, Dataset, Entry, converted, register
from pipeline.data.recordings import Utterance
from pipeline.data.voices import DIGITS_CLASSES, VOICES, WORDS, Voice
from pipeline.ears.registry import DEFAULT, Ear

FULL = 43
"""Utterances of each word by each voice that give a set of SHD's size: 12 voices * 20 words * 43 = 10,320."""

SPEAKERS = tuple(voice.name for voice in VOICES)
"""Names of the speakers, in the order of ``pipeline.data.voices.VOICES``."""


def load(
    root: Path | None = None,
    *,
    utterances: int = FULL,
    seed: int = 0,
    ear: str | Ear = DEFAULT,
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
        Seed of the draws of rate, pitch, intonation and loudness and of the ear's noise, at least 0.
    ear, progress
        See `to_spikes`.
    """
    if utterances < 1 or seed < 0:
        raise InputError(
            f"digits: utterances is {utterances} and seed is {seed}, wanted are at least 1 and at least 0."
        )
    parts = {
        name: spoken([voice for voice in VOICES if voice.held_out is held_out], utterances, seed)
        for name, held_out in (("train", False), ("test", True))
    }
    rule = (
        f"split by voice: {' and '.join(voice.name for voice in VOICES if voice.held_out)} are in the test part only."
    )
    return converted("digits", parts, DIGITS_CLASSES, SPEAKERS, notes=[rule], ear=ear, seed=seed, progress=progress)


def spoken(chosen: list[Voice], utterances: int, seed: int) -> list[Utterance]:
    """Return every word by every voice ``utterances`` times, ordered by voice, word and number."""
    return [
        _utterance(voices.draw(voice, word, index, seed), label, SPEAKERS.index(voice.name))
        for voice in chosen
        for label, word in enumerate(WORDS)
        for index in range(utterances)
    ]


def _utterance(request: espeak.Request, label: int, speaker: int) -> Utterance:
    """Return an utterance; its key is a hash of all that the sound depends on, faster to compute than the sound."""
    parts = (espeak.fingerprint(), voices.VERSION, *astuple(request))
    key = hashlib.sha256(repr(parts).encode()).hexdigest()
    return Utterance(lambda: (voices.utter(request), espeak.SAMPLE_RATE), key, label, speaker)


register(
    Entry(
        "digits",
        "The 20 words of SHD from 12 synthetic voices (espeak-ng); needs no download",
        load,
        classes=len(DIGITS_CLASSES),
        options={
            "utterances": "Utterances of each word by each voice.",
            "ear": EAR,
            "seed": "Seed of the utterances and of the ear's noise.",
        },
    )
)
