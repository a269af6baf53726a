"""Reading one recording from a file; one that cannot be used is refused with one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.errors import InputError
from pipeline.audio_source import WHAT_IS_WANTED, name_of, open_source

MAX_SECONDS = 60
"""Longest recording that is read, in seconds. A trial holds one word, and memory grows with the length."""

SILENCE_PEAK = 1 / 32768
"""Largest deviation from the mean that counts as silence: one step of 16-bit audio."""

LOUDEST = 2.0**31
"""Largest sample that is taken: floating-point files may hold 32-bit integers as they were; nothing beyond is sound."""

CANCELLED = 0.1
"""Channels cancel if their sum is weaker than this fraction of the louder one (-20 dB), as where one is inverted."""

MAX_RATE = 10_000_000
"""Highest sampling rate that is read, in Hz; one that is higher is a damaged header."""

_MOST = f"{MAX_SECONDS} s is the most that is taken; cut it into words."
_BLOCK = 2**20  # samples that are read at once, of all channels
_STREAM_FRAMES = 2**62  # libsndfile reports 2**63 - 1 frames for a FLAC stream whose header states no length

QUIET = 0.02
"""Samples below this fraction of a recording's peak (-34 dB) count as quiet."""

MARGIN = 0.05
"""Quiet time in s that trimming leaves at either end."""


@dataclass(frozen=True)
class Recording:
    """A mono waveform."""

    samples: NDArray[np.float64]
    """Sound pressure, shape (n,); full scale is 1. The mean of the channels, or the loudest if they cancel."""
    rate: int
    """Sampling rate of the file in Hz."""
    path: Path

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


class _Sound(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read once from its beginning: libsndfile can't seek to the end of a FLAC stream."""

    def seekable(self) -> bool:
        """Return False, so that nothing is sought after reading."""
        return False


def read_audio(path: Path | str) -> Recording:
    """Read a WAV or FLAC file, or another format of libsndfile, of any sampling rate and number of channels, as mono.

    The path may be a pipe, and ``-`` is standard input; a stream whose header states no length, or an impossible one,
    is read to its end. Mono is the mean of the channels. Where they cancel, as in stereo with one channel inverted, it
    is the loudest of them: there, the standard deviation of the sum is below `CANCELLED` times that of this channel.

    Raises
    ------
    InputError
        If the file is missing, empty, truncated, not audio, longer than ``MAX_SECONDS``, of a rate above
        ``MAX_RATE`` or silent, or if it has samples that are not finite or beyond `LOUDEST`.
    """
    path = Path(path)
    name = name_of(path)
    try:
        with _Sound(open_source(path)) as file:
            rate, promised = int(file.samplerate), int(file.frames)
            if rate > MAX_RATE:
                raise InputError(f"{name} states a sampling rate of {rate} Hz; at most {MAX_RATE} Hz is taken.")
            most = MAX_SECONDS * rate
            if promised > _STREAM_FRAMES:
                promised = 0
            elif promised > most:
                raise InputError(f"{name} lasts {promised / rate:.0f} s and {_MOST}")
            channels = np.concatenate(list(_blocks(file, promised or most + 1)))
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".")
        raise InputError(f"{name} is not audio or is damaged (libsndfile: {reason}); {WHAT_IS_WANTED}.") from None
    if len(channels) < promised:
        raise InputError(
            f"{name} is truncated: its header promises {promised} frames and {len(channels)} are there; "
            "copy or download it again."
        )
    if len(channels) > most:
        raise InputError(f"{name} is a stream that lasts more than {MAX_SECONDS} s, and {_MOST}")
    return Recording(_mono(name, channels), rate, path)


def _blocks(file: soundfile.SoundFile, frames: int) -> Iterator[NDArray[np.float64]]:
    """Read so many frames, or as many as there are, in blocks: a header may promise more than memory holds."""
    most = max(_BLOCK // file.channels, 1)
    while True:
        wanted = min(most, frames)
        block = file.read(wanted, dtype="float64", always_2d=True)
        yield block
        frames -= wanted
        if not frames or len(block) < wanted:
            return


def _mono(name: str, channels: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(channels) == 0:
        raise InputError(f"{name} holds no sound (0 frames); {WHAT_IS_WANTED}.")
    broken = int(np.count_nonzero(~(np.abs(channels) <= LOUDEST)))
    if broken:
        raise InputError(
            f"{name} holds {broken} samples that are NaN, infinite or beyond {LOUDEST:.0f}; sound is wanted."
        )
    samples: NDArray[np.float64] = channels.mean(axis=1)
    count = channels.shape[1]
    if count > 1:
        loudness = channels.std(axis=0)
        if count * samples.std() < CANCELLED * loudness.max():
            samples = channels[:, loudness.argmax()].copy()
    if np.abs(samples - samples.mean()).max() <= SILENCE_PEAK:
        raise InputError(f"{name} is silent from start to end; a recording with a spoken word is wanted.")
    return samples


def trim(recording: Recording) -> Recording:
    """Return a recording from `MARGIN` s before the first to as long after the last sample that is not quiet."""
    deviation = np.abs(recording.samples - recording.samples.mean())
    loud = np.flatnonzero(deviation >= QUIET * deviation.max())
    margin = round(MARGIN * recording.rate)
    samples = recording.samples[max(loud[0] - margin, 0) : loud[-1] + margin + 1]
    return replace(recording, samples=samples)
