"""How much of a data set lies within a trial: events beyond its end are never seen by a network."""

from __future__ import annotations

import logging
import math

import numpy as np

from models.batch import GUARD_STEPS
from models.errors import InputError
from pipeline.data.container import SpikeData

WARN = 0.01
"""Fraction of events beyond the trial's end from which on a warning is due."""

MOST = 0.5
"""Fraction from which on data are refused: what is left is not the recordings."""

SHARE = 0.99
"""Fraction of the events that a proposed trial holds."""

ROUND = 10.0
"""ms to a multiple of which proposed trials are rounded up."""

AT_ONCE = 1 << 20
"""Events that are counted at once, so that those of a large set are not all copied."""

_log = logging.getLogger(__name__)


def beyond(data: SpikeData, trial: float, dt: float) -> int:
    """Return how many events lie beyond the end of a trial, in ms, with steps of ``dt`` ms; see `discretise`."""
    end, rate = round(trial / dt) - GUARD_STEPS, 1.0 / dt
    parts = (data.times[i : i + AT_ONCE].astype(np.float64) for i in range(0, len(data.times), AT_ONCE))
    return sum(int(np.count_nonzero(part * rate >= end)) for part in parts)


def proposed(data: SpikeData, dt: float = 1.0) -> float:
    """Return the length in ms of a trial that holds `SHARE` of the events."""
    if not len(data.times):
        return ROUND
    # The element itself, not an interpolation between two: exactly the share lies before it or at it.
    last = float(np.quantile(data.times, SHARE, method="higher"))
    return ROUND * math.ceil((last + (GUARD_STEPS + 1) * dt) / ROUND)


def check_trial(data: SpikeData, trial: float, dt: float, what: str) -> float:
    """Return the fraction of events beyond a trial's end; warn from `WARN` on.

    Parameters
    ----------
    what : str
        Name of the data in messages.

    Raises
    ------
    InputError
        If it is more than `MOST`.
    """
    fraction = beyond(data, trial, dt) / max(len(data.times), 1)
    if fraction < WARN:
        return fraction
    found = f"{fraction:.1%} of the spikes of {what} lie beyond data.trial = {trial:g} ms"
    hint = f"data.trial = {proposed(data, dt):g} would hold {SHARE:.0%}"
    if fraction > MOST:
        raise InputError(f"{found}, so that most of the recordings would go unheard; {hint}")
    _log.warning("%s and go unheard; %s.", found, hint)
    return fraction
