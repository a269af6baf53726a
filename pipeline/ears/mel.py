"""Power spectra of overlapping frames, and filter banks on the mel scale."""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.fft
import scipy.sparse
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

_LINEAR = 200 / 3
"""Hz per mel up to 1 kHz, in Slaney's scale."""

_LOG = np.log(6.4) / 27
"""Logarithm of the ratio of frequencies a mel apart, above 1 kHz."""


def spectra(wave: NDArray[np.float64], window: NDArray[np.float64], hop: int, size: int) -> NDArray[np.float64]:
    """Return the power spectra of the stretches of a waveform that begin ``hop`` samples apart.

    Parameters
    ----------
    wave : ndarray, shape (n,)
        With the zeros that are wanted at its ends; n is at least the window's length.
    window : ndarray, shape (length,)
        What each stretch is multiplied by.
    size : int
        Of the Fourier transform, at least the window's length.

    Returns
    -------
    ndarray, shape (frames, size // 2 + 1)
        Squared magnitudes at the frequencies k * rate / ``size``.
    """
    stretches = sliding_window_view(wave, len(window))[::hop] * window
    found = scipy.fft.rfft(stretches, size)
    power: NDArray[np.float64] = found.real**2 + found.imag**2
    return power


@cache
def filters(bands: int, lowest: float, highest: float, rate: float, size: int) -> scipy.sparse.csr_array:
    """Return triangular filters of height 1, evenly spaced on the mel scale, shape (bands, size // 2 + 1).

    Filter b rises from the b-th of ``bands`` + 2 frequencies between ``lowest`` and ``highest``, in Hz, to the next
    one, and falls to the one after it. The scale is Slaney's: M. Slaney, "Auditory Toolbox", Technical Report 1998-010,
    Interval Research Corporation, 1998; linear up to 1 kHz, logarithmic above. Callers share the array: nothing may
    change it. It is sparse, so that no product depends on the number of threads of a linear algebra library.
    """
    corners = corner_frequencies(bands, lowest, highest)
    below, centre, above = (corners[first : first + bands, None] for first in range(3))
    frequencies = np.arange(size // 2 + 1) * (rate / size)
    rising, falling = (frequencies - below) / (centre - below), (above - frequencies) / (above - centre)
    return scipy.sparse.csr_array(np.maximum(0.0, np.minimum(rising, falling)))


def corner_frequencies(bands: int, lowest: float, highest: float) -> NDArray[np.float64]:
    """Return the frequencies in Hz at which filters begin, peak and end, shape (bands + 2,)."""
    return _frequency(np.linspace(_mel(lowest), _mel(highest), bands + 2))


def _mel(frequency: float) -> float:
    return frequency / _LINEAR if frequency < 1000 else 1000 / _LINEAR + float(np.log(frequency / 1000)) / _LOG


def _frequency(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    bend = 1000 / _LINEAR
    return np.where(mel < bend, mel * _LINEAR, 1000 * np.exp(_LOG * (mel - bend)))
