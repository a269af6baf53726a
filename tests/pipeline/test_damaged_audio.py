"""Recordings with any damage: each is read, or refused with one sentence that names it."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import profiles
import pytest
import soundfile
from apart import Apart
from damage import NUMBERS, damaged
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audio import MAX_SECONDS, read_audio, trim
from pipeline.cochlea.sound import Sound


def recorded(form: str, subtype: str, channels: int = 1, endian: str = "FILE") -> bytes:
    content = io.BytesIO()
    tone = 0.5 * np.sin(np.arange(2000 * channels) / 3).reshape(2000, channels)
    soundfile.write(content, tone, 8000, subtype, endian, form)
    return content.getvalue()


FILES = [
    *(recorded("WAV", subtype) for subtype in ("PCM_16", "PCM_U8", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM", "MS_ADPCM")),
    *(recorded(form, "PCM_16", 2) for form in ("WAV", "WAVEX", "RF64", "W64", "FLAC", "AIFF", "AU", "CAF")),
    *(recorded("WAV", "PCM_16", endian=endian) for endian in ("LITTLE", "BIG")),
    recorded("OGG", "VORBIS"),
    recorded("FLAC", "PCM_24"),
]


def read_sanely(path: Path) -> None:
    recording = read_audio(path)
    assert recording.samples.ndim == 1
    assert 0 < recording.seconds <= MAX_SECONDS
    assert np.all(np.isfinite(recording.samples))
    prepared = Sound().prepare(trim(recording).samples, recording.rate)
    assert len(prepared)
    assert np.all(np.isfinite(prepared))


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    reader = Apart(read_sanely)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def refusal(apart: Apart, path: Path, content: bytes) -> str:
    """Return why a file is refused, or nothing where it is read."""
    path.write_bytes(content)
    message = apart.refusal(path)
    if message is None:
        return ""
    assert str(path) in message
    assert "\n" not in message
    return message


@given(content=damaged(FILES), ending=st.sampled_from(["wav", "flac", "raw", "RAW", "mp3", "sd2", "xyz"]))
@profiles.examples(100)
def test_a_damaged_recording_is_read_or_refused(content: bytes, ending: str, apart: Apart, folder: Path) -> None:
    refusal(apart, folder / f"a.{ending}", content)


CODES = (1, 3, 6, 7, 2, 17, 49, 85, 0, 65535)
"""Of encodings in WAVs."""

CHUNKS = (
    (b"LIST", b"ab"),
    (b"data", b""),
    (b"PEAK", bytes(16)),
    (b"ds64", bytes(28)),
    (bytes(4), b""),
    (b"fact", b"a"),
)


@st.composite
def wav(draw: st.DrawFn) -> bytes:
    """Return a WAV whose header says anything."""
    order = draw(st.sampled_from("<>"))
    code, bits = draw(st.sampled_from(CODES)), draw(st.sampled_from([16, 8, 24, 32, 64, 0, 12]))
    channels = draw(st.sampled_from([1, 2, 8, 1024, 0, 65535]))
    rate = draw(st.sampled_from([8000, 1, 9_999_999, *NUMBERS]))
    block = draw(st.sampled_from([channels * bits // 8, 0, 1, 65535]))
    form = struct.pack(order + "HHIIHH", code, channels, rate % 2**32, 0, block % 2**16, bits)
    sound = draw(st.sampled_from([b"", b"\1\2" * 500, b"\xff" * 999, np.full(90, 1e300, order + "f8").tobytes()]))
    chunks = [(b"fmt ", form), (b"data", sound)]
    for _ in range(draw(st.integers(0, 3))):
        chunks.insert(draw(st.integers(0, len(chunks))), draw(st.sampled_from(CHUNKS)))
    body = b"".join(
        name + struct.pack(order + "I", draw(st.sampled_from([len(held)] * 4 + [*NUMBERS])) % 2**32) + held
        for name, held in chunks
    )
    head = {"<": draw(st.sampled_from([b"RIFF", b"RF64", b"BW64"])), ">": b"RIFX"}[order]
    return head + struct.pack(order + "I", len(body) + 4) + b"WAVE" + body


@given(content=wav())
@profiles.examples(100)
def test_a_wav_whose_header_says_anything_is_read_or_refused(content: bytes, apart: Apart, folder: Path) -> None:
    refusal(apart, folder / "a.wav", content)


def test_a_recording_whose_name_ends_with_raw_is_read_by_its_content(apart: Apart, folder: Path) -> None:
    for content in FILES:
        assert not refusal(apart, folder / "a.raw", content)
    assert "is not audio" in refusal(apart, folder / "a.RAW", bytes(range(256)))


def test_a_promise_takes_no_memory(apart: Apart, folder: Path) -> None:
    form = struct.pack("<HHIIHH", 1, 1024, 9_999_999, 0, 2048, 16)
    for length, after in ((0, b"LIST\xf0\xff\xff\xffab"), (2**32 - 1, b"")):
        head = b"RIFF\0\0\0\0WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", length)
        assert "0 frames" in refusal(apart, folder / "a.wav", head + after)
    flac = bytearray(recorded("FLAC", "PCM_16", 2))
    # Rate in 20 bits, channels - 1 in 3, bits - 1 in 5, frames in 36: an hour's worth of frames at the highest rate.
    flac[18:26] = (655_350 << 44 | 1 << 41 | 15 << 36 | MAX_SECONDS * 655_350).to_bytes(8, "big")
    assert refusal(apart, folder / "a.flac", bytes(flac))


def test_a_hole_of_zeros_in_place_of_chunks_is_passed_at_once(apart: Apart, folder: Path) -> None:
    path = folder / "hole.wav"
    with path.open("wb") as file:
        file.write(b"RIFF\0\0\0\x40WAVE")
        file.truncate(2**30)
    message = apart.refusal(path)
    assert message is not None
    assert "is not audio" in message
    path.unlink()
