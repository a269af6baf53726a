"""What went on inside a network during one example, for looking at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Trace = NDArray[np.float32]


@dataclass(frozen=True)
class Spikes:
    """Spikes of a population in order.

    Attributes
    ----------
    times : ndarray of float64, shape (spikes,)
        In ms: the end of each spike's step, or the moment within it where spike times are interpolated.
    neurons : ndarray of int32, shape (spikes,)
    """

    times: NDArray[np.float64]
    neurons: NDArray[np.int32]


@dataclass(frozen=True)
class Recording:
    """One example.

    Attributes
    ----------
    dt : float
        Time step in ms.
    logits : ndarray of float64, shape (classes,)
    spikes : dict of str to Spikes
        By name of the population, like all below.
    voltages : dict of str to ndarray of float32, each (steps, size)
        At the end of each step.
    adjoint_voltages, adjoint_currents : dict of str to ndarray of float32, each (steps, size)
        dL/dV and dL/dI at the beginning of each step, -tau_mem lambda_V and -tau_syn lambda_I of Wunderlich and
        Pehle (2021). Empty unless asked for.
    """

    dt: float
    logits: NDArray[np.float64]
    spikes: Mapping[str, Spikes]
    voltages: Mapping[str, Trace]
    adjoint_voltages: Mapping[str, Trace] = field(default_factory=dict)
    adjoint_currents: Mapping[str, Trace] = field(default_factory=dict)

    def spike_table(self) -> pd.DataFrame:
        """Return all spikes: columns population, neuron, time (ms)."""
        tables = [
            pd.DataFrame({"population": name, "neuron": spikes.neurons, "time": spikes.times})
            for name, spikes in self.spikes.items()
        ]
        return pd.concat(tables, ignore_index=True)

    def trace_table(self) -> pd.DataFrame:
        """Return all traces, long: columns population, neuron, time (ms), voltage, and the adjoints if recorded."""
        tables = []
        for name, voltage in self.voltages.items():
            steps, size = voltage.shape
            columns = {
                "population": name,
                "neuron": np.tile(np.arange(size), steps),
                "time": np.repeat((np.arange(steps) + 1) * self.dt, size),
                "voltage": voltage.ravel(),
            }
            for kind, traces in {"voltage": self.adjoint_voltages, "current": self.adjoint_currents}.items():
                if name in traces:
                    columns[f"adjoint_{kind}"] = traces[name].ravel()
            tables.append(pd.DataFrame(columns))
        return pd.concat(tables, ignore_index=True)
