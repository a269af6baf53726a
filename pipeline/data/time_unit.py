"""Whether times that are read as seconds can be seconds: files with other units are common, and nothing else tells."""

from __future__ import annotations

import logging

import numpy as np

from models.errors import InputError
from pipeline.data.container import SpikeData

LONGEST = 60e3
"""ms that a spoken word can last at most; see `pipeline.audio.MAX_SECONDS`."""

SHORTEST = 10.0
"""ms that it lasts at least."""

UNITS = {"milliseconds": 1e3, "time steps or microseconds": 1e6, "nanoseconds": 1e9}
"""What times are in that seem to be too great, and how many of them make a second."""

_log = logging.getLogger(__name__)


def check_time_unit(data: SpikeData, source: str) -> None:
    """Refuse examples that last too long to be words if their times are seconds; warn of ones that are too short.

    Raises
    ------
    InputError
        If the median example lasts more than `LONGEST`; the message says which unit it seems to be.
    """
    counts = data.counts
    if not counts.any():
        return
    ends = data.times[data.offsets[1:][counts > 0] - 1].astype(np.float64)
    median = float(np.median(ends))
    if median > LONGEST:
        unit, many = next(((u, n) for u, n in UNITS.items() if median / n <= LONGEST), ("another unit", np.inf))
        hint = "" if np.isinf(many) else f"; divide them by {many:,.0f}"
        raise InputError(
            f"{source}: if its times are seconds, the median example lasts {median / 1e3:,.0f} s; seconds are wanted, "
            f"and these look like {unit}{hint}."
        )
    if ends.max() < SHORTEST and np.median(counts[counts > 0]) > SHORTEST:
        text = "%s: if its times are seconds, the longest example lasts %.3g ms, too short for a word."
        _log.warning(text, source, ends.max())
