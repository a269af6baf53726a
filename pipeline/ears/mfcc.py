"""The ear "mfcc": mean mel-frequency cepstral coefficients of a word as a latency code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import ClassVar

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray
from scipy.signal.windows import hann

from models.methods import latency
from pipeline.cochlea.sound import Sound
from pipeline.ears import mel
from pipeline.ears.registry import Seed
from pipeline.events import Events

WINDOW = 2048
HOP = 512
"""Samples of a frame, and between the middles of two."""

BANDS = 128

LEAST = 1e-10
"""Power in a band that less counts as."""

RANGE = 80.0
"""dB below the loudest band of all frames that quieter ones count as."""

QUIET = 60.0
"""dB below the loudest frame from which on frames at either end are silence."""

_VERSION = 1
"""Incremented whenever the same parameters and recording give other events than before."""


@dataclass(frozen=True)
class Mfcc:
    """Thirty mel-frequency cepstral coefficients, each the mean over a word, each one event whose time is its value.

    The features are those of R. Rybka et al., Big Data and Cognitive Computing 8 (2024) 22, whose code takes librosa's
    with its defaults: silence trimmed at both ends, spectra of 2,048 samples under a Hann window around every 512th,
    128 mel filters of equal area, power in dB, an orthonormal cosine transform. What is trimmed is brought to one
    loudness, which their code leaves as it is: it changes coefficient 0 only.

    Event i is on channel i, at the time that `models.methods.latency` gives the coefficient: methods decode it.

    Attributes
    ----------
    sound : Sound
        Preparation of recordings, the same as the cochlea's but for the sampling rate, and without fading.
    """

    keeps_time: ClassVar[bool] = False

    sound: Sound = field(default_factory=lambda: Sound(rate=22050, ramp=0.0))

    def spikes(self, audio: ArrayLike, rate: float, seed: Seed = 0, threads: int | None = None) -> Events:
        """Convert a recording; see `Cochlea.spikes`. There is no noise, so that the seed does not matter."""
        word = _trimmed(self.sound.prepare(audio, rate))
        times = latency.encode(self.coefficients(self.sound.prepare(word, self.sound.rate)))
        order = np.argsort(times, kind="stable")
        return Events(times[order], order.astype(np.uint16))

    def fingerprint(self) -> str:
        """Return a hash, 16 hexadecimal digits, of the parameters, the code and the version of the algorithm."""
        code = {"zero": latency.TIME_OF_ZERO, "slope": latency.SLOPE, "channels": latency.CHANNELS}
        text = json.dumps({"ear": "mfcc", "version": _VERSION, **code, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def coefficients(self, word: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean coefficients of a prepared waveform, shape (`latency.CHANNELS`,)."""
        corners = mel.corner_frequencies(BANDS, 0.0, self.sound.rate / 2)
        area = (corners[2:] - corners[:-2]) / 2
        bank = mel.filters(BANDS, 0.0, self.sound.rate / 2, self.sound.rate, WINDOW)
        spectra = mel.spectra(np.pad(word, WINDOW // 2), hann(WINDOW, sym=False), HOP, WINDOW)
        decibels = 10 * np.log10(np.maximum((bank @ spectra.T).T / area, LEAST))
        clipped = np.maximum(decibels, decibels.max() - RANGE)
        found = scipy.fft.dct(clipped, norm="ortho", axis=1)[:, : latency.CHANNELS]
        mean: NDArray[np.float64] = found.mean(axis=0)
        return mean


def _trimmed(wave: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a waveform from its first to its last frame whose mean square is not `QUIET` below the greatest."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, WINDOW // 2), WINDOW)[::HOP]
    power = np.square(frames).mean(axis=1)
    loud = np.flatnonzero(power > 10 ** (-QUIET / 10) * power.max())
    # Silence has no loud frame, and stays.
    return wave[loud[0] * HOP : (loud[-1] + 1) * HOP] if len(loud) else wave
