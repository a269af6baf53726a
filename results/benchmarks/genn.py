"""The GeNN engine beside mlGeNN's own training loop: the same data, the same backend, the same processor core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from results.benchmarks.length import SHAPE as LENGTHENED
from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.trainers import OURS_ON_GENN, TRAINERS
from results.benchmarks.turns import take_turns, training

NAME = "genn"
WANTED = 1.0
"""Times mlGeNN's own loop, at most."""

PEER = "mlgenn"


SILENT = "A, input over after 240 of 8,000 steps"
"""A case in which states decay to numbers that a CPU is slow with, unless they are set to 0."""


ALL = {**CASES, SILENT: replace(LENGTHENED, steps=8000)}


def run(quick: bool = False, cases: Mapping[str, Shape] = ALL) -> list[dict[str, float | str]]:
    """Train in turns.

    Parameters
    ----------
    quick : bool
        One turn each instead of three.
    cases : mapping of str to Shape

    Returns
    -------
    list of dict
        A row a case: what was measured, case, milliseconds an example of both, their ratio, and a note.

    Raises
    ------
    ModuleNotFoundError
        If GeNN is not installed.
    """
    missing = TRAINERS[PEER].missing
    if missing:
        raise ModuleNotFoundError(f"no module named {missing}", name=missing)
    rows: list[dict[str, float | str]] = []
    for case, shape in cases.items():
        with training(OURS_ON_GENN, 1, shape) as ours, training(PEER, 1, shape) as peer:
            measured = take_turns({"ours": ours, "peer": peer}, 1 if quick else 3, shape.batch)
        own, other = measured["ours"], measured["peer"]
        rows.append(
            {
                "measured": "GeNN engine and mlGeNN's own loop",
                "case": case,
                "ms_an_example": own.ms_an_example,
                "ms_of_mlgenn": other.ms_an_example,
                "times_mlgenn": own.ms_an_example / other.ms_an_example,
                "times_wanted": WANTED,
                "hidden_spikes": own.hidden_spikes,
                "note": f"{shape}; median of {own.batches} batches; {TRAINERS[PEER].versions}",
            }
        )
    return rows
