"""Streams: WAVs whose header knows no length, pipes and standard input are read to their end."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline import audio_source
from pipeline.audio import read_audio

RATE = 8000
SAMPLES = np.round(2**14 * np.sin(0.3 * np.arange(2000))) / 2**15
ROOT = Path(__file__).parents[2]


def content(kind: str = "WAV", samples: np.ndarray = SAMPLES) -> bytearray:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format=kind, subtype="PCM_16")
    return bytearray(buffer.getvalue())


def promising(length: int, riff: int) -> bytearray:
    """Return a WAV whose header promises a length of its sound and of all of it."""
    wav = content()
    start = wav.index(b"data") + 4
    wav[start : start + 4], wav[4:8] = length.to_bytes(4, "little"), riff.to_bytes(4, "little")
    return wav


@pytest.mark.parametrize(
    ("length", "riff"),
    [
        (0x7FFFF000, 0x7FFFF024),  # SoX
        (0xFFFFFFFF, 0xFFFFFFFF),  # FFmpeg
        (0x7FFFFFFF - 36, 0x7FFFFFFF),
        (0x80000000, 0x80000024),  # arecord
        (0, 36),  # Python's wave
        (0, 0),  # GStreamer
    ],
)
def test_a_wav_whose_header_knows_no_length_is_read_to_its_end(tmp_path: Path, length: int, riff: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(promising(length, riff))
    np.testing.assert_array_equal(read_audio(path).samples, SAMPLES)


@pytest.mark.parametrize("missing", [1, 1000, 3000])
def test_a_wav_that_promises_a_length_that_it_may_have_is_truncated(tmp_path: Path, missing: int) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content()[:-missing])
    with pytest.raises(InputError, match=r"truncated: its header promises 4000 bytes of sound"):
        read_audio(path)


def test_chunks_behind_no_sound_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content(samples=SAMPLES[:0]) + b"LIST\5\0\0\0hello\0" + b"id3 \4\0\0\0\xff\xff\xff\xff")
    with pytest.raises(InputError, match="no sound"):
        read_audio(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("kind", ["WAV", "FLAC", "AIFF"])
def test_a_pipe_is_read_to_its_end(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(content(kind),))
    writer.start()
    np.testing.assert_array_equal(read_audio(path).samples, SAMPLES)
    writer.join()


def piped(monkeypatch: pytest.MonkeyPatch, given: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    piped(monkeypatch, promising(0x7FFFF000, 0x7FFFF024))
    recording = read_audio("-")
    np.testing.assert_array_equal(recording.samples, SAMPLES)
    assert recording.path == Path("-")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"", "standard input is empty (0 bytes)"),
        (b"no sound " * 100, "standard input is not audio"),
        (content()[:-8], "standard input is truncated"),
        (bytes(audio_source.MAX_BYTES + 1), "standard input is a stream of more than 368,640,000 bytes"),
    ],
    ids=["empty", "text", "cut", "endless"],
)
def test_standard_input_that_is_no_recording(monkeypatch: pytest.MonkeyPatch, given: bytes, told: str) -> None:
    piped(monkeypatch, given)
    with pytest.raises(InputError) as caught:
        read_audio("-")
    assert str(caught.value).startswith(told)


def test_standard_input_that_is_a_terminal_or_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    for given in (terminal, None):
        monkeypatch.setattr(sys, "stdin", given)
        with pytest.raises(InputError, match="nothing is piped into it"):
            read_audio("-")


@pytest.mark.skipif(not Path("/dev/stdin").exists(), reason="the system has no /dev/stdin")
def test_the_command_reads_streams(words_config: Path, pipeline: Callable[..., Any]) -> None:
    run = pipeline("train", words_config, "--set", "training.epochs=1").out.strip()
    command = [sys.executable, "-m", "pipeline", "classify", run, "-", "/dev/stdin", "--json"]
    done = subprocess.run(command, cwd=ROOT, input=bytes(content()), capture_output=True)
    assert done.returncode == 1  # the second finds the pipe empty
    first, second = done.stdout.decode().splitlines()
    assert first.startswith('{"file": "-", "word": ')
    assert second.startswith('{"file": "/dev/stdin", "error": "/dev/stdin is empty (0 bytes)')
