"""The speakers and words of the ``digits`` data set: who says what, and how each utterance differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.data.espeak import SAMPLE_RATE, Request, say

RATES = (125, 185)
"""Words a minute, slowest and fastest: the twenty words then last 0.25 to 1 s, as spoken digits do."""
PITCHES = (-9, 9)
"""How far an utterance's pitch lies from the voice's own, in espeak-ng's steps of about 1 %."""
INTONATIONS = (25, 75)
"""How far the pitch falls over a word, in espeak-ng's percent."""
VOLUMES = (50, 110)
"""Percent of espeak-ng's usual amplitude: a spread of 7 dB, without clipping."""

TRIM_LEVEL = 0.002
"""Sound quieter than this fraction of full scale counts as silence at either end of an utterance."""
MARGIN = 0.03
"""Seconds kept or added before the first and after the last louder sample: the cochlea fades in and out over
so long, and would take the consonants at the ends with it."""

VERSION = 1
"""Raised when the same request is turned into other samples."""


@dataclass(frozen=True)
class Voice:
    """A speaker: one of espeak-ng's natural voice variants with a base pitch of its own.

    Attributes
    ----------
    name : str
        The variant, and the speaker's name in the data set.
    sex : "male" or "female"
        As espeak-ng states it.
    pitch : int
        Base pitch in espeak-ng's units, 50 is the variant's own.
    held_out : bool
        Whether the voice is heard in the test part only.
    """

    name: str
    sex: Literal["male", "female"]
    pitch: int
    held_out: bool = False


@dataclass(frozen=True)
class Word:
    """A class: its name, spelled as SHD spells it, and the text and language that make espeak-ng say it."""

    name: str
    text: str
    language: Literal["en-us", "de"]


# Left out of espeak-ng's variants: whispering, croaking, robotic, Klatt-synthesised and joking ones, those
# with formants switched off, those that clip, and near copies of a voice that is already here.
# The two that are held out lie, in pitch and formants, between others of their sex: the test asks for a new
# speaker, not for one beyond all that were heard.
VOICES = (
    Voice("m1", "male", 64),
    Voice("m2", "male", 66),
    Voice("m3", "male", 70, held_out=True),
    Voice("m4", "male", 50),
    Voice("m6", "male", 82),
    Voice("m7", "male", 44),
    Voice("f1", "female", 46),
    Voice("f2", "female", 52, held_out=True),
    Voice("f3", "female", 60),
    Voice("f4", "female", 52),
    Voice("Annie", "female", 54),
    Voice("belinda", "female", 58),
)

WORDS = (
    *(
        Word(name, name, "en-us")
        for name in ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    ),
    *(
        Word(name, name.replace("fuenf", "fünf"), "de")
        for name in ("null", "eins", "zwei", "drei", "vier", "fuenf", "sechs", "sieben", "acht", "neun")
    ),
)

DIGITS_CLASSES = tuple(word.name for word in WORDS)
"""Names of the twenty classes in SHD's order."""


def draw(voice: Voice, word: Word, index: int, seed: int) -> Request:
    """Draw how a voice says a word for the ``index``-th time.

    Parameters
    ----------
    voice, word : Voice, Word
        From ``VOICES`` and ``WORDS``.
    index : int
        Which utterance of this word by this voice, from 0.
    seed : int
        The data set's seed, at least 0.

    Returns
    -------
    Request
        Rate, pitch, intonation, volume and breath noise drawn uniformly from (seed, voice, word, index),
        independently of every other utterance.
    """
    rng = np.random.default_rng([seed, VOICES.index(voice), WORDS.index(word), index])

    def between(limits: tuple[int, int]) -> int:
        return int(rng.integers(*limits, endpoint=True))

    return Request(
        text=word.text,
        language=word.language,
        variant=voice.name,
        rate=between(RATES),
        pitch=voice.pitch + between(PITCHES),
        intonation=between(INTONATIONS),
        volume=between(VOLUMES),
        noise=between((1, 2**31 - 1)),
    )


def utter(request: Request) -> NDArray[np.float64]:
    """Return the samples of an utterance, shape (n,), at ``SAMPLE_RATE``, between margins of ``MARGIN``."""
    margin = round(MARGIN * SAMPLE_RATE)
    samples = np.pad(say(request), margin)
    loud = np.flatnonzero(np.abs(samples) > TRIM_LEVEL)
    return samples[loud[0] - margin : loud[-1] + margin + 1]
