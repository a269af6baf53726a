"""Damage to files, as Hypothesis draws it: what disks, networks and other people's programs do to bytes."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from models.errors import InputError

NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**60, 2**63 - 1, 2**64 - 1)
"""Numbers that break arithmetic."""


@st.composite
def damaged(draw: st.DrawFn, wholes: list[bytes], most: int = 4) -> bytes:
    """Return one of some files with up to ``most`` places damaged."""
    content = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(1, most))):
        # Heads are where the structure is.
        at = draw(st.integers(0, min(draw(st.sampled_from([64, 1024, len(content)])), len(content)) - 1))
        size = draw(st.sampled_from([1, 2, 4, 8, 64]))
        kind = draw(st.sampled_from(["bit", "number", "zeros", "random", "cut", "removed", "repeated", "reversed"]))
        if kind == "bit":
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "number":
            number = draw(st.sampled_from(NUMBERS)) % 2 ** (8 * min(size, 8))
            content[at : at + size] = number.to_bytes(min(size, 8), draw(st.sampled_from(["little", "big"])))
        elif kind == "zeros":
            content[at : at + size] = bytes(len(content[at : at + size]))
        elif kind == "random":
            content[at : at + size] = draw(st.binary(min_size=size, max_size=size))
        elif kind == "cut":
            del content[max(at, 1) :]
        elif kind == "removed":
            del content[max(at, 1) : max(at, 1) + size]
        elif kind == "repeated":
            content[at:at] = content[at : at + size] * draw(st.sampled_from([1, 40]))
        else:
            content[at : at + size] = content[at : at + size][::-1]
    return bytes(content)


def refusal(use: Callable[[], object]) -> str:
    """Return why what is used is refused, or nothing where it is taken; other errors pass through."""
    try:
        use()
    except InputError as error:
        return str(error)
    return ""
