"""The one exception that means "what you gave us is wrong", and what its messages suggest instead."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable


class InputError(ValueError):
    """Bad input from the user: a file, a field or an option.

    The message is one clear sentence that names the file or field, what was found and what is wanted. The
    command lines print it without a traceback and exit with code 2.
    """


class FieldError(InputError):
    """A field of a description has an impossible value.

    Parameters
    ----------
    owner, field : str
        What is described ("loss"), and its field.
    found : object
        The value.
    wanted : str
        Completes "it must be".

    Attributes
    ----------
    detail : str
        The sentence from the field on: a config puts the owner's dotted name before it.
    """

    def __init__(self, owner: str, field: str, found: object, wanted: str) -> None:
        self.detail = f"{field} is {found}; it must be {wanted}"
        super().__init__(f"{owner}.{self.detail}")


def require(condition: bool, owner: str, field: str, found: object, wanted: str) -> None:
    """Raise a `FieldError` unless a condition of a field holds."""
    if not condition:
        raise FieldError(owner, field, found, wanted)


class DivergedError(InputError):
    """A training whose loss or weights are no longer finite numbers."""


def suggestion(wrong: str, known: Collection[str]) -> str:
    """Return the end of a sentence about a wrong name: the known name that is spelt like it, or else all of them."""
    near = difflib.get_close_matches(wrong, known, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"there are {', '.join(known)}." if known else "there are none."


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the one of the known names, of which there is at least one, that is spelt most like a wrong one."""
    return difflib.get_close_matches(name, known, 1, cutoff=0.0)[0]
