"""Generated code that adds up what gradients of biases and time constants are made of.

The sums are rows 1 to 4 of `models.engines.time_constants`: adjoints of a backward step times states of the same step,
which the forward pass, one trial earlier, has kept in ``InsideV`` and ``InsideI``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.engines.genn.neuron_values import has_trained_time_constants, learns
from models.network import Leaky

SUMS = ("SumV", "SumVV", "SumVI", "SumII")
"""GeNN's variables of the rows 1 to 4."""

_INDEX = """
const int row = ({half}) * {steps} + (int)round({at});
const int inside = (row * num_batch + batch) * num_neurons + id;
"""


@dataclass(frozen=True)
class TrialSize:
    """The size of GeNN's trials: steps, one more than the network's, and examples that run at once."""

    steps: int
    batch: int


def sums_of(population: Leaky) -> tuple[str, ...]:
    """Return the sums that a population keeps: all for time constants, the first for biases, none otherwise."""
    if has_trained_time_constants(population):
        return SUMS
    return SUMS[:1] if learns(population) else ()


def add_sums(built: Any, population: Leaky, size: TrialSize) -> str:
    """Add the variables of a population's sums to its neuron model, and return the code of a backward step."""
    names = sums_of(population)
    for name in names:
        built.add_var(name, "scalar", 0.0)
    if not has_trained_time_constants(population):
        return "if (backT > 0.5) { SumV += LambdaV / Alpha; }" if names else ""
    room = 2 * size.steps * size.batch * population.size
    built.add_egp("InsideV", "scalar*", np.zeros(room, np.float32))
    built.add_egp("InsideI", "scalar*", np.zeros(room, np.float32))
    built.add_param("Half", "int", 0)
    built.set_param_dynamic("Half")
    if not built.has_param("Tape"):
        add_tape_switch(built)
    return f"""
        if (backT > 0.5) {{
            {_INDEX.format(half="1 - Half", steps=size.steps, at="backT")}
            const scalar endV = LambdaV / Alpha;
            SumV += endV;
            SumVV += endV * InsideV[inside];
            SumVI += endV * InsideI[inside];
            SumII += endI * InsideI[inside];
        }}
        """


def keep_states(population: Leaky, size: TrialSize) -> str:
    """Return the code of a forward step that keeps the states which `add_sums` multiplies."""
    if not has_trained_time_constants(population):
        return ""
    return f"""
        if (Tape > 0.0) {{
            {_INDEX.format(half="Half", steps=size.steps, at="t")}
            InsideV[inside] = V;
            InsideI[inside] = Isyn / IScale;
        }}
        """


def add_tape_switch(built: Any) -> None:
    """Add ``Tape``, which says whether this trial will be run backward."""
    built.add_param("Tape", "scalar", 0.0)
    built.set_param_dynamic("Tape")
