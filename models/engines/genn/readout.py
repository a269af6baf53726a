"""The windowed readout in GeNN: the trial's mean of window times voltage."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from ml_genn.readouts import AvgVar
from numpy.typing import NDArray


class WindowedAvgVar(AvgVar):  # type: ignore[misc]
    """Sum over time of a table times the output variable.

    The table is an extra global parameter, so that another window needs no new code. mlGeNN's compiler accepts a
    subclass of `AvgVar` as a readout whose loss depends on the whole trial.

    Parameters
    ----------
    table : ndarray of float32, shape (steps,)
        Weight of the variable at the end of each of GeNN's steps.
    """

    def __init__(self, table: NDArray[np.float32]) -> None:
        self.table = table

    def add_readout_logic(self, model: Any, **kwargs: Any) -> Any:
        """Return a copy of the neuron model that sums its output variable: V in VAvg."""
        self.output_var_name, self.output_var_type = model.output_var_name, "scalar"
        total = f"{self.output_var_name}Avg"
        read = deepcopy(model)
        read.add_egp("Window", "scalar*", self.table)
        read.append_sim_code(f"{total} += Window[(int)round(t)] * {self.output_var_name};")
        read.add_var(total, "scalar", 0.0)
        return read
