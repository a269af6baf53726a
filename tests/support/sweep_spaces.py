"""Small search spaces, and sweeps whose points are worth what a formula says."""

from __future__ import annotations

import math
from typing import Any

from sweeps.parameters import Values
from sweeps.space import Space, parse_space
from sweeps.state import Point
from sweeps.strategies import propose


def space(parameters: dict[str, Any] | None = None, **fields: Any) -> Space:
    """Return a space of two numbers, unless others are named."""
    made = {
        "name": "made",
        "config": "demo",
        "parameters": parameters
        or {
            "network.tau_mem": {"kind": "real", "low": 5.0, "high": 80.0, "scale": "log"},
            "training.learning_rate": {"kind": "real", "low": 1e-4, "high": 1e-1, "scale": "log"},
        },
    }
    return parse_space(made | fields, "made.toml")


def bowl(values: Values) -> float:
    """Return an error that is least, 0.05, at tau_mem 20 and a rate of 0.005."""
    across = math.log(float(values["network.tau_mem"]) / 20) ** 2
    along = math.log(float(values["training.learning_rate"]) / 0.005) ** 2
    return min(0.05 + 0.15 * across + 0.04 * along, 0.95)


def searched(of: Space, points: int) -> list[Point]:
    """Return the points of a search, one after the other."""
    found: list[Point] = []
    for number in range(points):
        values = propose(of, found)
        if values is None:
            break
        found.append(Point(number, values, "done", error=bowl(values)))
    return found
