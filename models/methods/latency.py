"""Numbers as a latency code: one event a channel, whose time says the channel's value.

The time is TIME_OF_ZERO + SLOPE * value. The values are mean mel-frequency cepstral coefficients of a recording, from
an orthonormal cosine transform of 128 mel bands in dB. The constants leave room for whatever can occur: with powers of
at least -100 dB coefficient 0 is -1,131 at least; where all bands lie within 80 dB of the loudest the other
coefficients lie within -410..410, and full-scale noise has about 300 as coefficient 0. Times are then 7 to 625 ms.

A batch has events on the time grid, so that decoded values have a resolution of data.dt / SLOPE: 0.25 at a step of
0.1 ms. Nothing is simulated on this grid by what decodes it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.errors import InputError

CHANNELS = 30
"""Number of coefficients."""

TIME_OF_ZERO = 460.0
"""Time of an event of value 0, in ms."""

SLOPE = 0.4
"""ms by which an event is later where its value is greater by 1."""


def encode(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the events' times in ms, of the values' shape."""
    return (TIME_OF_ZERO + SLOPE * np.asarray(values, np.float64)).astype(np.float32)


def decode(batch: SpikeBatch, dt: float, channels: int = CHANNELS) -> NDArray[np.float64]:
    """Return the values of a batch's examples, shape (examples, channels), exact to dt / SLOPE / 2.

    Parameters
    ----------
    dt : float
        The batch's time step in ms. An event counts as one in the middle of its step.

    Raises
    ------
    InputError
        If an example has other events than one of each channel from 0 to ``channels`` - 1: they are no such code.
    """
    lengths = np.diff(batch.offsets)
    wanted = np.arange(channels)
    for b in np.flatnonzero(lengths != channels):
        raise InputError(
            f"an example has {lengths[b]} events within the trial; a latency code has {channels}, one of each channel"
        )
    units = batch.units.reshape(-1, channels)
    order = np.argsort(units, axis=1, kind="stable")
    if not (np.take_along_axis(units, order, axis=1) == wanted).all():
        raise InputError(f"an example has events of other channels than 0 to {channels - 1}, one of each")
    steps = np.take_along_axis(batch.steps.reshape(-1, channels), order, axis=1)
    return ((steps.astype(np.float64) + 0.5) * dt - TIME_OF_ZERO) / SLOPE
