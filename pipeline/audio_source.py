"""A recording's bytes: a file, a pipe or standard input, and WAV streams, whose header was written before their end."""

from __future__ import annotations

import io
import os
import stat
import struct
import sys
from pathlib import Path
from typing import BinaryIO

from models.errors import InputError

STANDARD_INPUT = Path("-")
"""Stands for what is piped into the command."""

MAX_BYTES = 60 * 192_000 * 8 * 4
"""Most that is taken from a stream: 60 s at 192 kHz, 8 channels and 32 bit."""

WHAT_IS_WANTED = "a WAV or FLAC file with one spoken word is wanted"

_BYTE_ORDERS = {b"RIFF": "<", b"RIFX": ">", b"RF64": "<", b"BW64": "<"}
"""Of the numbers in a WAV, by its first four bytes."""

_LARGE = (b"RF64", b"BW64")
"""WAVs that may have more than 4 GB; they state their length in the chunk ds64."""

_UNKNOWN = 0x7FFF0000
"""Programs that write a WAV into a pipe promise so many bytes or more (SoX 0x7FFFF000, FFmpeg 0xFFFFFFFF)."""


def name_of(path: Path) -> str:
    """Return what messages call a recording."""
    return "standard input" if path == STANDARD_INPUT else str(path)


def open_source(path: Path) -> bytes | str | io.BytesIO:
    """Return what libsndfile is to read: a file's name, or the content of a stream.

    A stream is a pipe, standard input, or a WAV that promises no length, 0 or `_UNKNOWN`: its sound goes to its end.

    Raises
    ------
    InputError
        If the file is missing, a folder or empty, if a WAV is truncated, or if a stream has more than `MAX_BYTES`.
    """
    name = name_of(path)
    if path.is_dir():
        raise InputError(f"{name} is a folder; {WHAT_IS_WANTED}.")
    try:
        if path == STANDARD_INPUT:
            return _read_stream(name, _piped())
        with path.open("rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return _read_stream(name, file)
            if mended := _mended_wav(name, file):
                return mended
            if path.suffix.lower() == ".raw":  # of a file of this name, soundfile wants to be told the rate
                file.seek(0)
                return io.BytesIO(file.read(MAX_BYTES))
            return str(path) if os.name == "nt" else os.fsencode(path)
    except OSError as error:
        raise InputError(f"{name} can't be read ({error.strerror}); {WHAT_IS_WANTED}.") from None


def _piped() -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError(f"{STANDARD_INPUT} is standard input, and nothing is piped into it; {WHAT_IS_WANTED}.")
    return sys.stdin.buffer


def _read_stream(name: str, file: BinaryIO) -> io.BytesIO:
    """Return the content of a stream to its end, a WAV's with the length that it has."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(f"{name} is a stream of more than {MAX_BYTES:,} bytes; {WHAT_IS_WANTED}.")
    return _mended_wav(name, io.BytesIO(content)) or io.BytesIO(content)


def _mended_wav(name: str, file: BinaryIO) -> io.BytesIO | None:
    """Return a WAV stream's content with the length that it has; None of what is no stream, unless it is truncated."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size == 0:
        raise InputError(f"{name} is empty (0 bytes); {WHAT_IS_WANTED}.")
    promised = _promised(file)
    if promised is None:
        return None
    start = file.tell()
    held = size - start
    if promised >= _UNKNOWN or (promised == 0 and not _are_chunks(file, size)):
        file.seek(0)
        content = bytearray(file.read(MAX_BYTES))  # more lasts too long, however little of it is read
        number = _BYTE_ORDERS[bytes(content[:4])] + "I"
        struct.pack_into(number, content, 4, len(content) - 8)
        struct.pack_into(number, content, start - 4, len(content) - start)
        return io.BytesIO(content)
    if promised > held:
        raise InputError(
            f"{name} is truncated: its header promises {promised} bytes of sound and {held} are there; "
            "copy or download it again."
        )
    return None


def _promised(file: BinaryIO) -> int | None:
    """Return how many bytes of sound a WAV promises, and go to the first of them; None if it is no WAV.

    libsndfile only logs whether they are there, and other chunks may fill its log.
    """
    head = file.read(12)
    order = _BYTE_ORDERS.get(head[:4])
    if order is None or head[8:] != b"WAVE":
        return None
    large: int | None = None
    while len(header := file.read(8)) == 8:
        name, length = struct.unpack(order + "4sI", header)
        if not _is_name(name):
            return None
        if name == b"data":
            return large if head[:4] in _LARGE else int(length)
        after = file.tell() + length + length % 2
        if name == b"ds64" and len(sizes := file.read(16)) == 16:
            stated = struct.unpack("<QQ", sizes)[1]
            large = stated if 0 < stated < _UNKNOWN else None
        file.seek(after)
    return None


def _are_chunks(file: BinaryIO, size: int) -> bool:
    """Return whether what is left of a WAV of ``size`` bytes are chunks, or nothing, and not sound."""
    while header := file.read(8):
        name, length = struct.unpack("<4sI", header.ljust(8, b"\xff"))
        if not _is_name(name) or file.tell() + length > size:
            return False
        file.seek(length + length % 2, io.SEEK_CUR)
    return True


def _is_name(name: bytes) -> bool:
    """Return whether these bytes may name a chunk; a hole in a file, which is all zeros, has no end of others."""
    return all(32 <= letter < 127 for letter in name)
