"""The windowed readout in GeNN: the trial's mean of window times voltage."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from ml_genn.readouts import AvgVar
from numpy.typing import NDArray


class WindowedAvgVar(AvgVar):  # type: ignore[misc]
    """Sum over time of a table times the output variable.

    The table is an extra global parameter, so another window builds nothing anew. mlGeNN's compiler takes what
    subclasses `AvgVar` for a readout whose loss is one of the whole trial.

    Parameters
    ----------
    table : ndarray of float32, shape (steps,)
        What the variable at the end of each of GeNN's steps counts.
    """

    def __init__(self, table: NDArray[np.float32]) -> None:
        self.table = table

    def add_readout_logic(self, model: Any, **kwargs: Any) -> Any:
        """Return a copy of the neuron model that adds its output variable up, in VAvg if that is V."""
        self.output_var_name, self.output_var_type = model.output_var_name, "scalar"
        total = f"{self.output_var_name}Avg"
        read = deepcopy(model)
        read.add_egp("Window", "scalar*", self.table)
        read.append_sim_code(f"{total} += Window[(int)round(t)] * {self.output_var_name};")
        read.add_var(total, "scalar", 0.0)
        return read
