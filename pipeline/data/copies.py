"""Recordings whose bytes are there more than once: said, and kept from lying on both sides of a split."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations

from models.errors import InputError
from pipeline.data.recordings import Utterance

PRECEDENCE = ("test", "validation", "train")
"""Parts of a data set: a recording that is in several of them stays in the first."""

_log = logging.getLogger(__name__)

Parts = Mapping[str, Sequence[Utterance]]


def without_copies(parts: Parts, classes: Sequence[str], title: str) -> dict[str, list[Utterance]]:
    """Return the parts of a data set, of which none has a recording of another; see `PRECEDENCE`.

    Recordings are the same if their keys are. A warning counts and names those that are in several parts, and one those
    that are under several words, which stay there.

    Raises
    ------
    InputError
        If nothing is left of a part.
    """
    _warn_of_words(parts, classes, title)
    kept = {name: list(part) for name, part in parts.items()}
    order = [name for name in PRECEDENCE if name in parts]
    for keeps, loses in combinations(order, 2):
        there = {one.key: one for one in kept[keeps]}
        copies = [one for one in kept[loses] if one.key in there]
        if not copies:
            continue
        kept[loses] = [one for one in kept[loses] if one.key not in there]
        first = copies[0]
        same = f"{first.name} is the same as {there[first.key].name}"
        if not kept[loses]:
            raise InputError(f"{title}: all {len(copies)} recordings of {loses} are in {keeps}, too: {same}")
        text = "%s: %d of %d recordings of %s are in %s, too, and are left out of %s: %s."
        _log.warning(text, title, len(copies), len(parts[loses]), loses, keeps, loses, same)
    return kept


def _warn_of_words(parts: Parts, classes: Sequence[str], title: str) -> None:
    """Warn of recordings that are there under several words."""
    found: dict[str, dict[int, Utterance]] = defaultdict(dict)
    for part in parts.values():
        for one in part:
            found[one.key].setdefault(one.label, one)
    several = [list(by_word.values()) for by_word in found.values() if len(by_word) > 1]
    if several:
        (first, second, *_), count = several[0], len(several)
        text = "%s: %d recording%s there under several words: %s (%s) is the same as %s (%s)."
        are = " is" if count == 1 else "s are"
        words = classes[first.label], classes[second.label]
        _log.warning(text, title, count, are, first.name, words[0], second.name, words[1])
