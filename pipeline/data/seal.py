"""The seal in front of files written here: what they were made from and a checksum of all that follows.

It fills an HDF5 user block, the stretch that HDF5 leaves to applications, so every HDF5 reader skips it.
A checksum inside the HDF5 could only be looked at after HDF5 has trusted the damaged bytes around it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import BinaryIO

SIZE = 512
"""Bytes; the smallest user block that HDF5 knows."""

_MAGIC = "spoken-spikes"
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Seal:
    """What a seal says.

    Attributes
    ----------
    version : int
        Version of the format of what follows.
    key : str
        What the content was made from.
    size : int
        Bytes of the whole file, seal and all.
    digest : str
        SHA-256 of what follows the seal, in hexadecimal.
    """

    version: int
    key: str
    size: int
    digest: str

    def to_bytes(self) -> bytes:
        """Return the seal as it stands in the file, ``SIZE`` bytes."""
        text = json.dumps([_MAGIC, self.version, self.key, self.size, self.digest]).encode()
        if len(text) > SIZE:
            raise ValueError(f"the key is too long for a seal: {self.key!r}")
        return text.ljust(SIZE, b"\0")


def make_seal(content: bytes, version: int, key: str) -> bytes:
    """Return the seal of ``content``, to be written right before it."""
    return Seal(version, key, SIZE + len(content), hashlib.sha256(content).hexdigest()).to_bytes()


def read_seal(file: BinaryIO) -> Seal | None:
    """Return the seal of an open file, or None if it has none or one that isn't intact."""
    file.seek(0)
    head = file.read(SIZE)
    try:
        magic, version, key, size, digest = json.loads(head.rstrip(b"\0"))
    except (ValueError, TypeError):
        return None
    seal = Seal(version, key, size, digest)
    return seal if magic == _MAGIC and seal.to_bytes() == head else None


def is_intact(file: BinaryIO, seal: Seal) -> bool:
    """Return whether what follows the seal of an open file is what was sealed."""
    digest = hashlib.sha256()
    file.seek(SIZE)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest() == seal.digest
