"""The GeNN engine beside mlGeNN's own training loop, on the same data, backend and core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from results.benchmarks.length import SHAPE as LENGTHENED
from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.table import Row
from results.benchmarks.trainers import OURS_ON_GENN, TRAINERS
from results.benchmarks.turns import take_turns, training

NAME = "genn"
TITLE = "Training with the GeNN engine and with mlGeNN's own loop on GeNN's CPU backend, one core"
COLUMNS = {
    "case": "case",
    "ms_an_example": "GeNN engine (ms per example)",
    "ms_of_mlgenn": "mlGeNN (ms per example)",
    "times_mlgenn": "ratio",
    "times_wanted": "ratio wanted",
    "hidden_spikes": "hidden spikes per neuron",
    "batches": "batches",
}
WANTED = 1.0
"""Upper bound of the ratio that is wanted."""

PEER = "mlgenn"

SILENT = "A, input over after 240 of 8,000 steps"
"""A case in which states decay to denormal numbers, which are slow on a CPU unless they are set to 0."""

ALL = {**CASES, SILENT: replace(LENGTHENED, steps=8000)}


def run(quick: bool = False, cases: Mapping[str, Shape] = ALL) -> list[Row]:
    """Train with both in turns, three each or, quick, one; return one row a case.

    Raises
    ------
    ModuleNotFoundError
        If GeNN is not installed.
    """
    missing = TRAINERS[PEER].missing
    if missing:
        raise ModuleNotFoundError(f"no module named {missing}", name=missing)
    rows: list[Row] = []
    for case, shape in cases.items():
        with training(OURS_ON_GENN, 1, shape) as ours, training(PEER, 1, shape) as peer:
            measured = take_turns({"ours": ours, "peer": peer}, 1 if quick else 3, shape.batch)
        own, other = measured["ours"], measured["peer"]
        row: Row = {"measured": "GeNN engine and mlGeNN's own loop", "case": case, "ms_of_mlgenn": other.ms_an_example}
        ratio = own.ms_an_example / other.ms_an_example
        row |= asdict(own) | {"times_mlgenn": ratio, "times_wanted": WANTED}
        rows.append(row | {"note": f"{shape}; {TRAINERS[PEER].versions}"})
    return rows
