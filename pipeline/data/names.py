"""Names that come with data: names that look the same are the same, and names that nearly are get a warning."""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from pipeline.console import AS_IT_IS

_log = logging.getLogger(__name__)


def composed(name: str) -> str:
    r"""Return a name in Unicode's normal form C, bytes that are no UTF-8 as ``\xff``.

    Some systems store "ü" as one character, others, like older macOS, as "u" and a mark over it. Names of files may be
    any bytes; Python hands over those that its encoding lacks as lone surrogates, which can't be written as text.
    """
    return unicodedata.normalize("NFC", name.encode(errors=AS_IT_IS).decode(errors="backslashreplace"))


def warn_of_case(names: Iterable[str], what: str, source: object) -> None:
    """Warn of names that differ in upper and lower case only.

    Parameters
    ----------
    what : str
        What has these names, in the plural.
    source : object
        The file or folder that they come from.
    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            _log.warning("%s: the %s %r and %r differ in case only; they count as two.", source, what, other, name)


def warn_of_twins(paths: Iterable[Path]) -> None:
    """Warn of files whose paths look the same, since they differ in their Unicode form only."""
    seen: dict[str, Path] = {}
    for path in paths:
        other = seen.setdefault(composed(str(path)), path)
        if other != path:
            text = "There are two files %s, whose names differ in their Unicode form only; both are taken."
            _log.warning(text, path)
