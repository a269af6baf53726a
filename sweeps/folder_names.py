"""Names of folders for what data call by any name: a name never decides where something is written."""

from __future__ import annotations

import hashlib
import re

LONGEST = 200
"""Bytes of a name that is kept; file systems take 255."""

_SPECIAL = set('/\\:*?"<>|~')
"""Separators, what Windows takes in no name, and the mark of names that are not kept."""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that mean devices on Windows."""


def folder_name(name: str) -> str:
    """Return the folder of a name, one part of a path: the name itself wherever a folder can be called so.

    Other names give what is readable of them, ``~`` and a hash. Different names give different folders; on file systems
    that do not tell upper from lower case, names that differ in nothing else share one.
    """
    if _can_be_kept(name):
        return name
    readable = re.sub(r"[^A-Za-z0-9]+", "_", name)[:40]
    return f"{readable}~{hashlib.sha256(_bytes(name)).hexdigest()[:16]}"


def _can_be_kept(name: str) -> bool:
    return (
        0 < len(_bytes(name)) <= LONGEST
        and name.isprintable()
        and not _SPECIAL & set(name)
        and not name.startswith((".", " "))
        and not name.endswith((".", " "))
        and not _RESERVED.fullmatch(name)
    )


def _bytes(name: str) -> bytes:
    return name.encode(errors="surrogatepass")  # names of files that are no UTF-8 hold surrogates
