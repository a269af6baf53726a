"""Real words' spikes for figures: spoken by a synthetic voice, heard by the cochlea."""

from __future__ import annotations

from functools import cache

from pipeline.cochlea import Cochlea
from pipeline.data.container import Events
from pipeline.data.espeak import SAMPLE_RATE
from pipeline.data.voices import VOICES, WORDS, draw, utter

SHOWN = ("one", "three", "six", "seven", "eins", "sieben")
"""As SHD spells them."""

TRIAL = 900.0
"""ms: that of the digits config."""


@cache
def spoken() -> tuple[list[tuple[str, Events]], float]:
    """Return words with their spikes, and the trial's length in ms."""
    ear = Cochlea()
    found = []
    for word in WORDS:
        if word.name in SHOWN:
            sound = utter(draw(VOICES[0], word, 0, 0))
            found.append((word.name, ear.spikes(sound, SAMPLE_RATE, 0)))
    return found, TRIAL
