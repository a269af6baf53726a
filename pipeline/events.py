"""Spike events: what an ear gives and a network takes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CHANNELS = 700
"""Channels of every ear, of SHD and of SSC."""


class Events(NamedTuple):
    """The events of one example.

    Attributes
    ----------
    times : ndarray of float32, shape (events,)
        Times in ms from the start of the recording, ascending.
    units : ndarray of uint16, shape (events,)
        Channels, 0 to ``CHANNELS - 1``; channel 0 has the highest frequency.
    """

    times: NDArray[np.float32]
    units: NDArray[np.uint16]
