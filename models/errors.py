"""The one exception that means "what you gave us is wrong", and what its messages suggest instead."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


class InputError(ValueError):
    """Bad input from the user: a file, a field or an option.

    The message is one clear sentence that names the file or field, what was found and what is wanted. The
    command lines print it without a traceback and exit with code 2.
    """


class DivergedError(InputError):
    """A training whose numbers are none any more: what was asked for can't be learned so."""


def suggestion(wrong: str, known: Collection[str]) -> str:
    """Return the end of a sentence about a wrong name: the known name that is spelt like it, or else all of them."""
    near = difflib.get_close_matches(wrong, known, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(known)}." if known else "there are none."


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the one of the known names, of which there is at least one, that is spelt most like a wrong one."""
    return difflib.get_close_matches(name, known, 1, cutoff=0.0)[0]
