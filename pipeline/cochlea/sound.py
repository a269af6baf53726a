"""Preparation of a recording for the cochlea: offset, resampling, loudness and fading."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import resample_poly

from models.errors import InputError

MOST_OFFSET = 0.5
"""Largest fraction of a recording's power that a constant offset may have and be kept, as Cramer et al. keep it.

In the Free Spoken Digit Dataset offsets have up to 0.19 of the power. An offset of a faulty recorder has more than the
word, which would nearly be silent once the loudness of both together is what is wanted.
"""


@dataclass(frozen=True)
class Sound:
    """Preparation of recordings as Cramer et al. (2020) describe it.

    Their published converter differs in one point: it fades over the whole recording (``ramp=None``), which
    nearly silences a word's first and last sounds. The paper states 30 ms, which is the default here.

    Attributes
    ----------
    rate : int
        Sampling rate in Hz to which every recording is resampled.
    level : float
        Root mean square after scaling and before fading; full scale is 1.
    ramp : float or None
        Length in s of the Hann-shaped fade at either end. None fades in over the first half of the recording
        and out over the second.
    """

    rate: int = 48000
    level: float = 0.3
    ramp: float | None = 0.03

    def prepare(self, audio: ArrayLike, rate: float) -> NDArray[np.float64]:
        """Resample, scale and fade a mono waveform of any scale and of ``rate`` Hz; silence stays silence.

        A constant offset with more than `MOST_OFFSET` of the power is taken away first.

        Raises
        ------
        InputError
            If the waveform is empty, not mono or not finite, or the rate is not above 0.
        """
        wave = np.asarray(audio, dtype=np.float64)
        if wave.ndim != 1:
            raise InputError(f"the waveform has shape {wave.shape}; it must be mono, of shape (n,)")
        if len(wave) == 0:
            raise InputError("the waveform is empty; there must be at least one value")
        if not np.all(np.isfinite(wave)):
            raise InputError("the waveform has values that are not finite; all must be numbers")
        if not (np.isfinite(rate) and rate > 0):
            raise InputError(f"the sampling rate is {rate} Hz; it must be above 0 and finite")
        # Without the limit, a rate that is no simple fraction of ours needs a filter of millions of taps.
        ratio = (Fraction(self.rate) / Fraction(rate)).limit_denominator(10_000)
        if ratio == 0:
            raise InputError(f"the sampling rate is {rate} Hz; that is too far above {self.rate} Hz to resample")
        offset = wave.mean()
        if offset**2 > MOST_OFFSET * np.mean(wave**2):
            wave = wave - offset
        if ratio != 1:
            wave = resample_poly(wave, ratio.numerator, ratio.denominator)
        loudness = np.sqrt(np.mean(wave**2))
        scaled = wave * (self.level / loudness) if loudness > 0 else wave.copy()
        return self._fade(scaled)

    def _fade(self, wave: NDArray[np.float64]) -> NDArray[np.float64]:
        half = len(wave) // 2
        length = half if self.ramp is None else min(round(self.ramp * self.rate), half)
        if length:
            rise = np.hanning(2 * length)[:length]
            wave[:length] *= rise
            wave[-length:] *= rise[::-1]
        return wave
