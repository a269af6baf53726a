"""Speakers held out by a hash of their names, so that a speaker stays in the same part however the data set grows.

After Warden (2018), "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", arXiv:1804.03209.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_STEPS = 2**27
_VALIDATION_PERCENT = 10.0


def percentile(speaker: str) -> float:
    """Return the speaker's percentile, 0 to 100: Speech Commands' own hash of the name."""
    number = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16)
    return (number % _STEPS) * (100.0 / (_STEPS - 1))


def held_out(speakers: Sequence[str], percent: float = 10.0) -> frozenset[str]:
    """Return the speakers that are held out for the test part.

    These are the speakers with a percentile from 10 to 10 + ``percent``. With ``percent = 10`` they are Speech
    Commands' own test speakers, who come after its validation speakers. Whether one of the ``speakers``, at least two,
    is held out does not depend on the others, with two exceptions: the first speaker from percentile 10 on is always
    held out, and the last one never.
    """

    def rank(speaker: str) -> float:
        return (percentile(speaker) - _VALIDATION_PERCENT) % 100

    ordered = sorted(set(speakers), key=lambda speaker: (rank(speaker), speaker))
    chosen = {speaker for speaker in ordered[:-1] if rank(speaker) < percent}
    return frozenset(chosen or ordered[:1])
