"""Damage to which HDF5 has no answer: it would read without end.

Rows of variable length lie in global heaps: collections of objects, each with its index and its length in front (HDF5
File Format Specification, III.E). Object 0 is the free space, whose length includes these 16 bytes. Where that length
is 0, as it is where a part of a file was lost and is filled with zeros, HDF5 comes back to the same object for ever.
"""

from __future__ import annotations

import mmap
import struct
from typing import BinaryIO

_COLLECTION = b"GCOL\x01\0\0\0"
_HEAD = 16


def endless(file: BinaryIO) -> int | None:
    """Return where, in bytes, an open file that is not empty has free space of no length in a heap, or None."""
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(_COLLECTION)
        while 0 <= start <= len(content) - _HEAD:
            stop = min(start + struct.unpack_from("<Q", content, start + 8)[0], len(content))
            at = start + _HEAD
            while at <= stop - _HEAD:
                index, length = struct.unpack_from("<H6xQ", content, at)
                if index == length == 0:
                    return at
                at += max(length, _HEAD) if index == 0 else _HEAD + -(-length // 8) * 8
            start = content.find(_COLLECTION, max(stop, start + _HEAD))
    return None
