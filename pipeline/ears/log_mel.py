"""The ear "log-mel": log-mel energies as a rate code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal.windows import hann

from pipeline.cochlea.sound import Sound
from pipeline.ears import mel
from pipeline.ears.registry import Seed
from pipeline.events import CHANNELS, Events

BANDS = 35
WIDTH = CHANNELS // BANDS
"""Channels of a band."""

_STRIDE = 11
"""Channels between an event and the next one of its band; it shares no divisor with `WIDTH`, so that all take turns."""

_LEAST = 1e-20
"""Energy that silence counts as, so that its logarithm is finite."""

_VERSION = 1
"""Incremented whenever the same parameters and recording give other events than before."""


@dataclass(frozen=True)
class LogMel:
    """Energies in mel bands and short frames, in dB, each as a number of events in proportion to it.

    Band b has the channels from b * `WIDTH` on; band 0 has the highest frequencies, as the cochlea's channel 0 has.
    What numbers of events lose by rounding goes to the band's next frame (first-order sigma-delta modulation), so that
    their sum over any frames is exact to one event. A frame's events are spread evenly over its time, and those of a
    band over its channels in turn.

    Attributes
    ----------
    sound : Sound
        Preparation of recordings, the same as the cochlea's but for the sampling rate.
    frame : float
        Length of a frame in s. Frames do not overlap.
    window : float
        Length in s of the Hann window, around a frame's middle, that its spectrum is taken of.
    lowest, highest : float
        Frequencies in Hz between which the filters lie.
    silence, loudest : float
        Energies in dB, relative to a mean square of 1, that give no event and ``most`` events. Others are clipped to
        these.
    most : int
        Largest number of events in a frame and band.
    """

    keeps_time: ClassVar[bool] = True

    sound: Sound = field(default_factory=lambda: Sound(rate=16000))
    frame: float = 0.01
    window: float = 0.025
    lowest: float = 50.0
    highest: float = 8000.0
    silence: float = -60.0
    loudest: float = 0.0
    most: int = 8

    def spikes(self, audio: ArrayLike, rate: float, seed: Seed = 0, threads: int | None = None) -> Events:
        """Convert a recording; see `Cochlea.spikes`. There is no noise, so that the seed does not matter."""
        return self.encode(self.energies(self.sound.prepare(audio, rate)))

    def fingerprint(self) -> str:
        """Return a hash, 16 hexadecimal digits, of the parameters and the version of the algorithm."""
        text = json.dumps({"ear": "log-mel", "version": _VERSION, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def energies(self, wave: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the energy in dB by frame and band, shape (frames, `BANDS`), of a prepared waveform.

        An energy is the mean square of that part of the sound. Filters add up to 1, so that a tone between the middles
        of the lowest and the highest band has its mean square as the sum of all bands' energies.
        """
        hop, length = round(self.frame * self.sound.rate), round(self.window * self.sound.rate)
        size = 1 << (2 * length - 1).bit_length()
        shape = hann(length, sym=False)
        frames = -(-len(wave) // hop)
        before = (length - hop) // 2
        padded = np.zeros((frames - 1) * hop + length)
        padded[before : before + len(wave)] = wave[: len(padded) - before]
        bank = mel.filters(BANDS, self.lowest, self.highest, self.sound.rate, size)
        power = (bank @ mel.spectra(padded, shape, hop, size).T)[::-1].T / (size * np.square(shape).sum() / 2)
        energies: NDArray[np.float64] = 10 * np.log10(np.maximum(power, _LEAST))
        return energies

    def encode(self, energies: NDArray[np.float64]) -> Events:
        """Return the events of energies in dB, shape (frames, `BANDS`)."""
        share = (energies - self.silence) / (self.loudest - self.silence)
        wanted = np.cumsum(self.most * np.clip(share, 0.0, 1.0), axis=0)
        until = np.floor(wanted + 0.5).astype(np.int64)
        counts = np.diff(until, axis=0, prepend=0)
        cells = np.repeat(np.arange(counts.size), counts.ravel())
        numbers = counts.ravel()[cells]
        # The place of an event among those of its frame and band, and among all of its band.
        place = np.arange(len(cells)) - (np.cumsum(counts) - counts.ravel())[cells]
        turn = (until - counts).ravel()[cells] + place
        frames, bands = np.divmod(cells, BANDS)
        times = ((frames + (place + 0.5) / numbers) * (1e3 * self.frame)).astype(np.float32)
        units = (bands * WIDTH + turn * _STRIDE % WIDTH).astype(np.uint16)
        order = np.argsort(times, kind="stable")
        return Events(times[order], units[order])
