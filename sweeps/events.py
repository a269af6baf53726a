"""The events of a sweep's store: the fields that each must have, and the order that they must come in."""

from __future__ import annotations

import json
from types import NoneType
from typing import Any

Event = dict[str, Any]
Kinds = dict[str, type | tuple[type, ...]]

FINISHED = ("done", "stopped", "failed")
"""How a point may finish: trained to its end, pruned, failed."""

NUMBER = (int, float)

OF_SWEEP: dict[str, Kinds] = {
    "begin": {"space": dict, "time": NUMBER},
    "budget": {"budget": dict},
    "data": {"data": str},
    "refuse": {"reason": str},
}
"""Fields of events that belong to the whole sweep."""

OF_POINT: dict[str, Kinds] = {
    "ask": {"point": int, "values": dict},
    "claim": {"point": int, "worker": str},
    "release": {"point": int, "worker": str},
    "score": {"point": int, "unit": str, "epoch": int, "error": NUMBER},
    "unit": {"point": int, "unit": str, "error": NUMBER},
    "finish": {"point": int, "worker": str, "status": str},
}
"""Fields of events that belong to a point. Events of other names change nothing."""

OPTIONAL: dict[str, Kinds] = {"finish": {"error": (*NUMBER, NoneType), "reason": str, "seconds": NUMBER}}
"""Fields that an event may lack."""

VALUE = (int, float, str)
"""What a point's values may be; bool is an int."""


def read(line: bytes) -> Event:
    """Return a line's event.

    Raises
    ------
    ValueError
        Saying why it is none.
    """
    try:
        event = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON ({error.msg}, column {error.colno})") from None
    except (ValueError, RecursionError):
        raise ValueError("it has too long a number, or too many levels") from None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        raise ValueError("it is not an event")
    return event


def check(event: Event, points: int) -> None:
    """Refuse an event that can't come after so many points were proposed.

    Raises
    ------
    ValueError
        Saying what is wrong with it.
    """
    name = event["event"]
    for field, kind in (OF_SWEEP | OF_POINT).get(name, {}).items():
        if not isinstance(event.get(field), kind):
            raise ValueError(f'"{name}" has no valid "{field}"')
    for field, kind in OPTIONAL.get(name, {}).items():
        if field in event and not isinstance(event[field], kind):
            raise ValueError(f'"{name}" has no valid "{field}"')
    if name == "ask" and not all(isinstance(value, VALUE) for value in event["values"].values()):
        raise ValueError('"ask" has a value that is no number, text or truth value')
    if name == "finish" and event["status"] not in FINISHED:
        raise ValueError(f'"{name}" has the status "{event["status"]}", which must be one of {", ".join(FINISHED)}')
    if name in OF_POINT and not 0 <= event["point"] < points + (name == "ask"):
        raise ValueError(f'"{name}" is of point {event["point"]}, which no earlier line proposes')
