"""Recordings that can't be used: gathered, so that one run names them all, and left out where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numba

from models.errors import InputError
from pipeline.audio import read_audio
from pipeline.data.cache import is_cached
from pipeline.data.recordings import Utterance, shard_key, shards
from pipeline.ears.registry import DEFAULT, Ear, find


@dataclass
class Unusable:
    """The reasons why recordings of a data set can't be used, one sentence each, which names the file.

    ``skip`` says whether they are left out instead of refused.
    """

    skip: bool = False
    reasons: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Refuse what has been gathered, all in one message, unless it is to be left out."""
        if not self.reasons or self.skip:
            return
        hint = "--skip-bad of the command data, or data.skip_bad = true in a config, leaves such recordings out"
        if len(self.reasons) == 1:
            raise InputError(f"{self.reasons[0]} ({hint}.)")
        raise InputError(f"{len(self.reasons)} recordings can't be used; {hint}:{self.listed}")

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of recordings that are left out."""
        return (f"{len(self.reasons)} recordings can't be used and are left out:{self.listed}",) if self.reasons else ()

    @property
    def listed(self) -> str:
        """The reasons, a line each."""
        return "".join(f"\n  {reason}" for reason in self.reasons)


def find_unusable(
    utterances: Sequence[Utterance], *, kind: str, ear: str | Ear = DEFAULT, seed: int = 0
) -> dict[int, str]:
    """Return the reason, by index, why files among utterances can't be used as recordings.

    Only files whose spikes are not in the cache yet are read; see `to_spikes` for the parameters.
    """
    if not any(isinstance(utterance.source, Path) for utterance in utterances):
        return {}
    hears = find(ear)
    found, start = {}, 0
    with ThreadPoolExecutor(numba.get_num_threads()) as pool:
        for shard in shards(utterances):
            if not is_cached(kind, shard_key(shard, hears, seed)):
                for index, reason in enumerate(pool.map(_refusal, shard), start):
                    if reason is not None:
                        found[index] = reason
            start += len(shard)
    return found


def _refusal(utterance: Utterance) -> str | None:
    """Return why an utterance's file can't be used, or None."""
    if isinstance(utterance.source, Path):
        try:
            read_audio(utterance.source)
        except InputError as error:
            return str(error)
    return None
