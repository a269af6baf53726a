"""Several processes that train one network: how many there are, and which of them this one is."""

from __future__ import annotations

from dataclasses import dataclass

RANKS_VARIABLE = "SPOKEN_SPIKES_RANKS"
"""Environment variable, set by the command that starts the processes, to their number."""


@dataclass(frozen=True)
class Place:
    """A process's place among those that train together.

    Attributes
    ----------
    rank, count : int
        Its number, from 0, and how many there are.
    """

    rank: int = 0
    count: int = 1
