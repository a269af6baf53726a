"""All ears by name. A new ear is one new module and one line here."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike

from models.errors import InputError, suggestion
from pipeline.events import Events

Seed = int | Sequence[int] | np.random.SeedSequence

DEFAULT = "cochlea"

# Modules are named and not imported: they need scipy.signal, which every start would otherwise wait for.
_EARS = {
    DEFAULT: "pipeline.cochlea:Cochlea",
    "log-mel": "pipeline.ears.log_mel:LogMel",
    "mfcc": "pipeline.ears.mfcc:Mfcc",
}


class Ear(Protocol):
    """What turns a recording into events."""

    keeps_time: ClassVar[bool]
    """Whether an event's time is a time in the recording; where it is not, no recording is too long for a trial."""

    def spikes(self, audio: ArrayLike, rate: float, seed: Seed, threads: int | None = None) -> Events:
        """Return the events of a mono waveform, shape (n,), of ``rate`` Hz; ``seed`` is that of the ear's noise."""

    def fingerprint(self) -> str:
        """Return a hash of the parameters and the algorithm: ears of one fingerprint give the same events."""


def names() -> tuple[str, ...]:
    """Return the names of all ears."""
    return tuple(_EARS)


def find(ear: str | Ear) -> Ear:
    """Return the ear of a name, with its default parameters; an ear comes back as it is.

    Raises
    ------
    InputError
        If there is no such ear; the message names the nearest one.
    """
    if not isinstance(ear, str):
        return ear
    if ear not in _EARS:
        raise InputError(f"There is no ear {ear!r}; {suggestion(ear, _EARS)}")
    module, _, name = _EARS[ear].partition(":")
    made: Ear = getattr(import_module(module), name)()
    return made
