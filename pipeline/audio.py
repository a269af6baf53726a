"""Reading one recording from a file; one that cannot be used is refused with one sentence."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from models.errors import InputError

MAX_SECONDS = 60
"""Longest recording that is read, in seconds. A trial holds one word, and memory grows with the length."""

SILENCE_PEAK = 1 / 32768
"""Largest deviation from the mean that counts as silence: one step of 16-bit audio."""

_UNKNOWN_SIZE = 0xFFFFFFFF  # in the header of a WAV that was written to a pipe
_STREAM_FRAMES = 2**62  # libsndfile reports 2**63 - 1 frames for a FLAC stream whose header states no length
_WHAT_IS_WANTED = "a WAV or FLAC file with one spoken word is wanted"

QUIET = 0.02
"""Samples below this fraction of a recording's peak (-34 dB) count as quiet."""

MARGIN = 0.05
"""Quiet time in s that trimming leaves at either end."""


@dataclass(frozen=True)
class Recording:
    """A mono waveform."""

    samples: NDArray[np.float64]
    """Sound pressure, shape (n,); full scale is 1. Of several channels it is the mean."""
    rate: int
    """Sampling rate of the file in Hz."""
    path: Path

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


def read_audio(path: Path | str) -> Recording:
    """Read a WAV or FLAC file, or another format of libsndfile, of any sampling rate and number of channels, as mono.

    Raises
    ------
    InputError
        If the file is missing, empty, truncated, not audio, longer than ``MAX_SECONDS`` or silent, or if it has
        samples that are not finite.
    """
    path = Path(path)
    _check_exists(path)
    _check_wav_is_whole(path)
    try:
        with soundfile.SoundFile(path) as file:
            rate, promised = int(file.samplerate), int(file.frames)
            _check_length(path, promised, rate)
            channels = file.read(dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.rstrip(".")
        raise InputError(f"{path} is not audio or is damaged (libsndfile: {reason}); {_WHAT_IS_WANTED}.") from None
    if len(channels) < promised:
        raise InputError(
            f"{path} is truncated: its header promises {promised} frames and {len(channels)} are there; "
            "copy or download it again."
        )
    return Recording(_mono(path, channels), rate, path)


def _check_exists(path: Path) -> None:
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder; {_WHAT_IS_WANTED}.")
        size = path.stat().st_size
        with path.open("rb"):
            pass
    except OSError as error:
        raise InputError(f"{path} can't be read ({error.strerror}); {_WHAT_IS_WANTED}.") from None
    if size == 0:
        raise InputError(f"{path} is empty (0 bytes); {_WHAT_IS_WANTED}.")


def _check_wav_is_whole(path: Path) -> None:
    """Compare a WAV's data chunk with the file's size; libsndfile only logs it, and other chunks may fill the log."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return
        while len(header := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", header)
            held = size - file.tell()
            if name == b"data":
                if length != _UNKNOWN_SIZE and length > held:
                    raise InputError(
                        f"{path} is truncated: its header promises {length} bytes of sound and {held} are "
                        "there; copy or download it again."
                    )
                return
            file.seek(length + length % 2, 1)


def _check_length(path: Path, frames: int, rate: int) -> None:
    if frames == 0:
        raise InputError(f"{path} holds no sound (0 frames); {_WHAT_IS_WANTED}.")
    if frames > _STREAM_FRAMES:
        raise InputError(f"{path} is a stream that states no length; save it again from an audio program.")
    if frames > MAX_SECONDS * rate:
        raise InputError(
            f"{path} lasts {frames / rate:.0f} s and {MAX_SECONDS} s is the most that is taken; cut it into words."
        )


def _mono(path: Path, channels: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(channels) == 0:
        raise InputError(f"{path} holds no sound (0 frames); {_WHAT_IS_WANTED}.")
    broken = int(np.count_nonzero(~np.isfinite(channels)))
    if broken:
        raise InputError(f"{path} holds {broken} samples that are NaN or infinite; finite samples are wanted.")
    samples: NDArray[np.float64] = channels.mean(axis=1)
    if np.abs(samples - samples.mean()).max() <= SILENCE_PEAK:
        raise InputError(f"{path} is silent from start to end; a recording with a spoken word is wanted.")
    return samples


def trim(recording: Recording) -> Recording:
    """Return a recording from `MARGIN` s before the first to as long after the last sample that is not quiet."""
    deviation = np.abs(recording.samples - recording.samples.mean())
    loud = np.flatnonzero(deviation >= QUIET * deviation.max())
    margin = round(MARGIN * recording.rate)
    samples = recording.samples[max(loud[0] - margin, 0) : loud[-1] + margin + 1]
    return replace(recording, samples=samples)
