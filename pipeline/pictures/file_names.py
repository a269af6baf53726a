"""Names of pictures of recordings: no picture of a command replaces another."""

from __future__ import annotations

import os
from collections.abc import Sequence

LONGEST = 200
"""Bytes of a recording's name that its picture's name keeps; file systems take 255."""


def picture_names(recordings: Sequence[str]) -> list[str]:
    """Return the file name of each recording's picture: its own name, followed by its place where several share one.

    The names differ on file systems that ignore case, too.
    """
    stems = [os.fsdecode(os.fsencode(name)[:LONGEST]) for name in recordings]
    folded = [stem.casefold() for stem in stems]
    taken = {stem for stem in folded if folded.count(stem) == 1}
    found = []
    for place, stem in enumerate(stems, 1):
        if folded.count(stem.casefold()) > 1:
            stem = f"{stem}-{place}"
            while stem.casefold() in taken:
                stem += "+"
            taken.add(stem.casefold())
        found.append(f"{stem}.png")
    return found
