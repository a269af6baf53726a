"""Speakers and words of the ``digits`` data set, and how its utterances vary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.data.espeak import SAMPLE_RATE, Request, say

RATES = (125, 185)
"""Lowest and highest rate in words per minute. The twenty words then last 0.25 to 1 s, as spoken digits do."""
PITCHES = (-9, 9)
"""Range of an utterance's pitch relative to the voice's own, in espeak-ng's steps of about 1 %."""
INTONATIONS = (25, 75)
"""Range of the pitch's fall over a word, in percent of espeak-ng's scale."""
VOLUMES = (50, 110)
"""Range of the amplitude in percent of espeak-ng's usual one: a spread of 7 dB without clipping."""

TRIM_LEVEL = 0.002
"""Samples below this fraction of full scale count as silence at either end of an utterance."""
MARGIN = 0.03
"""Time in s kept or added before the first and after the last louder sample. The cochlea fades in and out over
this time, and without the margin would attenuate the consonants at the ends."""

VERSION = 1
"""Incremented whenever the same request gives other samples than before."""


@dataclass(frozen=True)
class Voice:
    """A speaker: one of espeak-ng's natural voice variants, its sex as espeak-ng states it, with its own base pitch."""

    name: str
    sex: Literal["male", "female"]
    pitch: int
    """In espeak-ng's units; 50 is the variant's own."""
    held_out: bool = False
    """Whether the voice is in the test part only."""


@dataclass(frozen=True)
class Word:
    """A class: its name in SHD's spelling, and the text and language for espeak-ng."""

    name: str
    text: str
    language: Literal["en-us", "de"]


# Of espeak-ng's variants these are not used: whispering, croaking, robotic, Klatt-synthesised and joking ones,
# those with formants switched off, those that clip, and near copies of a voice in this list.
# In pitch and formants the two held-out voices lie between others of their sex: the test part asks for
# interpolation to a new speaker, not for extrapolation.
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

_ENGLISH = "zero one two three four five six seven eight nine"
_GERMAN = "null eins zwei drei vier fuenf sechs sieben acht neun"
WORDS = (
    *(Word(name, name, "en-us") for name in _ENGLISH.split()),
    *(Word(name, name.replace("fuenf", "fünf"), "de") for name in _GERMAN.split()),
)

DIGITS_CLASSES = tuple(word.name for word in WORDS)
"""Names of the twenty classes in the order of SHD."""


def draw(voice: Voice, word: Word, index: int, seed: int) -> Request:
    """Draw rate, pitch, intonation, volume and breath noise of one utterance of a word by a voice, uniformly.

    They depend only on the data set's seed, voice, word and ``index``, the number of the utterance of this word by this
    voice, not on other utterances.
    """
    rng = np.random.default_rng([seed, VOICES.index(voice), WORDS.index(word), index])

    def uniform(limits: tuple[int, int]) -> int:
        return int(rng.integers(*limits, endpoint=True))

    return Request(
        text=word.text,
        language=word.language,
        variant=voice.name,
        rate=uniform(RATES),
        pitch=voice.pitch + uniform(PITCHES),
        intonation=uniform(INTONATIONS),
        volume=uniform(VOLUMES),
        noise=uniform((1, 2**31 - 1)),
    )


def utter(request: Request) -> NDArray[np.float64]:
    """Return the samples of an utterance, shape (n,), at ``SAMPLE_RATE``, between margins of ``MARGIN``."""
    margin = round(MARGIN * SAMPLE_RATE)
    samples = np.pad(say(request), margin)
    loud = np.flatnonzero(np.abs(samples) > TRIM_LEVEL)
    return samples[loud[0] - margin : loud[-1] + margin + 1]
