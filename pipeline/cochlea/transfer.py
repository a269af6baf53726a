"""The membrane's transfer function on the frequencies of a Fourier transform, and its application to sound."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from models.kernels import kernel
from pipeline.cochlea.basilar_membrane import BasilarMembrane
from pipeline.cochlea.lanes import LANES

_KNOTS = 384
_BAND = 1.8
"""A channel's response above this multiple of its resonance is set to 0; it is below 1e-4 of the peak there."""

LEAD, LAG = 0.15, 0.06
"""Duration in s of the membrane's response before and after an impulse; beyond it the response is below 1e-3 of
its peak at the apex. Most of the response precedes the impulse, because of the sign of the phase in the code
and data of Cramer et al. (2020)."""

SIZES = (7680, 11520, 15360, 19200, 23040, 30720)
"""Transform lengths with small prime factors. Each needs its own tables, so there are few; longer sounds are
cut into segments."""


class Workspace:
    """Memory for responses of ``steps`` steps, reused by a thread: allocating it anew costs as much as a transform."""

    def __init__(self, steps: int) -> None:
        self.half = np.empty((LANES, steps // 2 + 1), dtype=np.complex64)
        self.velocity = np.empty((LANES, steps), dtype=np.float32)


@dataclass(frozen=True)
class Table:
    """Transfer functions of neighbouring channels for one transform length.

    Attributes
    ----------
    gain : ndarray of complex64, shape (LANES, bins)
        Gain at multiples of rate / (2 steps), from 0 to the highest frequency of any of these channels; lanes
        without a channel are 0.
    steps : int
        Steps of the response, at half the rate of the sound.
    """

    gain: NDArray[np.complex64]
    steps: int

    def respond(self, spectrum: NDArray[np.complex64], workspace: Workspace) -> NDArray[np.float32]:
        """Return the membrane's velocity, shape (LANES, steps), at half the rate of the sound.

        ``spectrum``, shape (steps + 1,), is the real Fourier transform of 2 ``steps`` samples; the result lies in the
        workspace's memory. Frequencies above the new Nyquist frequency are folded, not filtered out: Cramer et al.
        (2020) take the real part of an inverse transform of the lower half of the spectrum.
        """
        _multiply_and_fold(self.gain, spectrum, self.steps, workspace.half)
        # NumPy's stubs do not know that single precision stays single precision.
        np.fft.irfft(workspace.half, self.steps, axis=1, out=workspace.velocity)  # type: ignore[arg-type]
        return workspace.velocity


def tables(membrane: BasilarMembrane, rate: int, steps: int) -> tuple[Table, ...]:
    """Return the tables of all channels for a transform of 2 ``steps`` samples at ``rate`` Hz."""
    # Without the lock, threads that start at the same time would all compute the same tables.
    with _making:
        return _tables(membrane, rate, steps)


_making = Lock()


@lru_cache(maxsize=16)
def _tables(membrane: BasilarMembrane, rate: int, steps: int) -> tuple[Table, ...]:
    nyquist = rate / 2
    frequencies = np.arange(steps, dtype=np.float64) * (nyquist / steps)
    splines = _splines(membrane, rate)
    made = []
    for first in range(0, membrane.channels, LANES):
        block = splines[first : first + LANES]
        bins = np.searchsorted(frequencies, [top for top, _ in block])
        gain = np.zeros((LANES, bins.max()), dtype=np.complex64)
        for lane, ((top, spline), n) in enumerate(zip(block, bins, strict=True)):
            omega = _omega(frequencies[:n], nyquist)
            # Half, because a real inverse transform adds the conjugate of every bin but the first.
            gain[lane, :n] = 0.5 * omega * np.exp(spline(np.sqrt(frequencies[:n] / top)))
        gain[:, 0] *= 2
        made.append(Table(gain, steps))
    return tuple(made)


def _omega(frequencies: NDArray[np.float64], nyquist: float) -> NDArray[np.float64]:
    """Return the angular frequency in rad/s at which the transfer function is evaluated for each frequency.

    Those of Cramer et al. (2020) are evenly spaced from 1 Hz, not 0, to Nyquist.
    """
    return np.asarray(2 * np.pi * (1 + frequencies * (1 - 1 / nyquist)))


@lru_cache(maxsize=4)
def _splines(membrane: BasilarMembrane, rate: int) -> tuple[tuple[float, CubicSpline], ...]:
    """Return, for each channel, its highest frequency ``top`` and log(gain / omega) as a spline of sqrt(f / top).

    The Hankel functions take a microsecond per point. The logarithm of the gain is so smooth that a spline with
    few knots gives it to 1e-4 for every transform length.
    """
    knots = np.linspace(0, 1, _KNOTS)
    made = []
    for place, resonance in zip(membrane.places, membrane.resonances, strict=True):
        top = min(rate / 2, _BAND * resonance)
        omega = _omega(top * knots**2, rate / 2)
        gain = membrane.velocity(omega, np.array([place])) / omega
        made.append((top, CubicSpline(knots, np.log(np.abs(gain)) + 1j * np.unwrap(np.angle(gain)))))
    return tuple(made)


@kernel(nogil=True)
def _multiply_and_fold(
    gain: NDArray[np.complex64], spectrum: NDArray[np.complex64], steps: int, half: NDArray[np.complex64]
) -> None:
    """Set ``half`` to gain times spectrum; bins above steps / 2 are added, mirrored and conjugated."""
    bins = gain.shape[1]
    middle = half.shape[1] - 1
    for lane in range(gain.shape[0]):
        for k in range(min(bins, middle + 1)):
            half[lane, k] = gain[lane, k] * spectrum[k]
        for k in range(bins, middle + 1):
            half[lane, k] = 0
        for k in range(middle, bins):
            half[lane, steps - k] += np.conj(gain[lane, k] * spectrum[k])
