"""The sizes of GeNN's buffers, which grow as the examples need it: a buffer that overflows gives wrong gradients."""

from __future__ import annotations

from collections.abc import Sequence

from models.engines.genn.chunks import Chunk
from models.engines.genn.events import most_of_a_channel

FIRST_CAPACITY = 128
"""Spikes of one neuron in two consecutive trials that the tape has room for at first."""

FIRST_ROOM = 16384
"""Input events of an example that there is room for at first."""


def longer_tape(spikes: int, capacity: int) -> int | None:
    """Return the tape's capacity that a neuron's spikes in two trials need, or None if the present one is enough."""
    if spikes < capacity - 2:
        return None
    longer = FIRST_CAPACITY
    while longer <= spikes + spikes // 4 + 2:
        longer *= 2
    return longer


def more_room(parts: Sequence[Chunk], capacity: int, room: int) -> tuple[int, int] | None:
    """Return the tape's capacity and the room for input events that chunks need, or None if there is enough of both."""
    events = max((sum(len(e.spike_times) for e in part.events) for part in parts), default=0)
    most = max((most_of_a_channel(part.events) for part in parts), default=0)
    needed = capacity
    while 2 * most + 2 >= needed:
        needed *= 2
    if events <= room and needed == capacity:
        return None
    return needed, room_for(events, room)


def room_for(events: int, room: int) -> int:
    """Return the present room if so many input events fit, else room for a quarter more than those."""
    return room if events <= room else events + events // 4
