"""The whole cochlea: a recording in, the spikes of 700 channels out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import ClassVar

import numba
import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from models.errors import InputError
from pipeline.cochlea.basilar_membrane import BasilarMembrane
from pipeline.cochlea.block import Block
from pipeline.cochlea.bushy_cell import BushyCell
from pipeline.cochlea.hair_cell import HairCell
from pipeline.cochlea.lanes import LANES
from pipeline.cochlea.sound import Sound
from pipeline.cochlea.transfer import LAG, LEAD, SIZES, Table, Workspace, tables
from pipeline.ears.registry import Seed
from pipeline.events import Events

_VERSION = 2
"""Incremented whenever the same parameters, recording and seed give other spikes than before."""


@dataclass(frozen=True)
class Cochlea:
    """Basilar membrane, hair cells and bushy cells after Cramer et al. (2020).

    B. Cramer, Y. Stradmann, J. Schemmel, F. Zenke: "The Heidelberg spiking data sets for the systematic
    evaluation of spiking neural networks", IEEE Transactions on Neural Networks and Learning Systems, 2020.
    The defaults are theirs.
    """

    keeps_time: ClassVar[bool] = True

    sound: Sound = field(default_factory=Sound)
    membrane: BasilarMembrane = field(default_factory=BasilarMembrane)
    hair_cell: HairCell = field(default_factory=HairCell)
    bushy_cell: BushyCell = field(default_factory=BushyCell)

    @property
    def dt(self) -> float:
        """Time step of hair and bushy cells in s: two samples of the sound."""
        return 2 / self.sound.rate

    def spikes(self, audio: ArrayLike, rate: float, seed: Seed, threads: int | None = None) -> Events:
        """Convert a recording.

        Parameters
        ----------
        audio : array_like of real numbers, shape (n,)
            Mono waveform of any scale; not modified.
        rate : float
            Its sampling rate in Hz.
        seed : int, sequence of int or SeedSequence
            Seed of the vesicle releases. The same seed gives the same spikes on any number of threads.
        threads : int, optional
            Number of threads; the default is `numba.get_num_threads()`.

        Returns
        -------
        Events
            Spikes, ascending in time, and by unit within a time step.

        Raises
        ------
        InputError
            If the waveform is empty, not mono or not finite, or the rate or number of threads is impossible.
        """
        threads = numba.get_num_threads() if threads is None else threads
        if threads < 1:
            raise InputError(f"threads is {threads}; it must be at least 1")
        wave = self.sound.prepare(audio, rate)
        sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
        streams = sequence.generate_state(-(-self.membrane.channels // LANES), np.uint64)
        segments = [_Segment.cut(wave, *bounds, self) for bounds in _segment_bounds((len(wave) + 1) // 2, self.dt)]

        # All threads share one iterator: a free thread takes the next block. The order does not matter.
        blocks = iter(range(len(streams)))

        def convert() -> list[NDArray[np.int64]]:
            workspace = Workspace(segments[0].tables[0].steps)
            return [self._convert(block, segments, int(streams[block]), workspace) for block in blocks]

        if threads == 1:
            keys = convert()
        else:
            with ThreadPoolExecutor(threads) as pool:
                jobs = [pool.submit(convert) for _ in range(min(threads, len(streams)))]
                keys = [key for job in jobs for key in job.result()]
        steps, units = np.divmod(np.sort(np.concatenate(keys)), self.membrane.channels)
        return Events((steps * (self.dt * 1e3)).astype(np.float32), units.astype(np.uint16))

    def fingerprint(self) -> str:
        """Return a hash, 16 hexadecimal digits, of the parameters and the version of the algorithm."""
        text = json.dumps({"version": _VERSION, **asdict(self)}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _convert(self, block: int, segments: list[_Segment], stream: int, workspace: Workspace) -> NDArray[np.int64]:
        """Return step * channels + unit of every spike of one block of channels."""
        first = block * LANES
        channels = min(LANES, self.membrane.channels - first)
        cells = Block(self.hair_cell, self.bushy_cell, self.dt, channels, stream)
        keys = []
        for segment in segments:
            velocity = segment.tables[block].respond(segment.spectrum, workspace)
            steps, lanes = cells.run(velocity[:, segment.before : segment.before + segment.length], segment.start)
            keys.append(steps.astype(np.int64) * self.membrane.channels + (first + lanes))
        return np.concatenate(keys)


@dataclass(frozen=True)
class _Segment:
    """Fourier transform of a part of the sound; its response is valid from ``start`` for ``length`` steps."""

    start: int
    length: int
    before: int
    spectrum: NDArray[np.complex64]
    tables: tuple[Table, ...]

    @staticmethod
    def cut(wave: NDArray[np.float64], start: int, length: int, before: int, size: int, cochlea: Cochlea) -> _Segment:
        stretch = np.zeros(2 * size)
        first = 2 * (start - before)
        part = wave[max(first, 0) : first + 2 * size]
        offset = max(-first, 0)
        stretch[offset : offset + len(part)] = part[: 2 * size - offset]
        spectrum = scipy.fft.rfft(stretch).astype(np.complex64)
        return _Segment(start, length, before, spectrum, tables(cochlea.membrane, cochlea.sound.rate, size))


def _segment_bounds(steps: int, dt: float) -> Iterator[tuple[int, int, int, int]]:
    """Yield start, length, steps before the start and transform size of a sound's segments.

    The transform is circular: a segment needs so much silence at its end, or sound around it, that no response
    wraps around into its steps.
    """
    lead, lag = round(LEAD / dt), round(LAG / dt)
    for size in SIZES:
        if steps + lead <= size:
            yield 0, steps, 0, size
            return
    length = SIZES[-1] - lead - lag
    for start in range(0, steps, length):
        yield start, min(length, steps - start), lag, SIZES[-1]
