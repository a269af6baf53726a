"""The header of files written here: what they were made from, and a checksum of everything that follows.

It fills an HDF5 user block, the part of a file that HDF5 reserves for applications, so every HDF5 reader skips it.
A checksum inside the HDF5 could be verified only after HDF5 had parsed the possibly damaged bytes around it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import BinaryIO

SIZE = 512
"""Length in bytes: the smallest user block that HDF5 allows."""

_MAGIC = "spoken-spikes"
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Header:
    """The content of a header."""

    version: int
    """Version of the format of the content."""
    key: str
    """Identifies what the content was made from."""
    size: int
    """Bytes of the whole file with its header."""
    digest: str
    """SHA-256 of the content in hexadecimal."""

    def to_bytes(self) -> bytes:
        """Return the header's ``SIZE`` bytes in the file."""
        text = json.dumps([_MAGIC, self.version, self.key, self.size, self.digest]).encode()
        if len(text) > SIZE:
            raise ValueError(f"the key is too long for a header: {self.key!r}")
        return text.ljust(SIZE, b"\0")


def make(content: bytes, version: int, key: str) -> bytes:
    """Return the header of ``content``, to be written in front of it."""
    return Header(version, key, SIZE + len(content), hashlib.sha256(content).hexdigest()).to_bytes()


def read(file: BinaryIO) -> Header | None:
    """Return the header of an open file, or None if it has no intact one."""
    file.seek(0)
    head = file.read(SIZE)
    try:
        found = json.loads(head.rstrip(b"\0"))
        if not isinstance(found, list) or [type(value) for value in found] != [str, int, str, int, str]:
            return None
        header = Header(*found[1:])
        return header if found[0] == _MAGIC and header.to_bytes() == head else None
    except (ValueError, RecursionError):
        return None


def is_intact(file: BinaryIO, header: Header) -> bool:
    """Return whether the content of an open file matches the checksum in its header."""
    digest = hashlib.sha256()
    file.seek(SIZE)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest() == header.digest
