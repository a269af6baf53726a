"""A compiled Eventprop network, run trial by trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.adam import Step
from models.engines.genn.compiled import CompiledNetwork, Floats, SynapseParameter
from models.engines.genn.compiler import WindowedEventPropCompiler
from models.engines.genn.neuron_values import CURRENT_VALUES, all_values, has_trained_time_constants
from models.engines.genn.program import Program, code_key
from models.engines.genn.ranks import Ranks
from models.engines.genn.sums_code import sums_of
from models.engines.genn.translate import to_mlgenn
from models.network import Network, Weights


class Simulator(CompiledNetwork):
    """An Eventprop network that GeNN has compiled.

    Parameters
    ----------
    room : int
        Input events, of all examples of a trial, that there is room for.
    """

    def __init__(self, program: Program, weights: Weights, room: int, ranks: Ranks) -> None:
        network, dt = program.network, program.problem.dt
        on_gpu = program.backend != "single_threaded_cpu"
        communicator = ranks.communicator if on_gpu else None
        described = to_mlgenn(network, weights, np.pad(program.window, (1, 0)), dt, room)
        compiler = WindowedEventPropCompiler(
            program,
            all_values(network, weights, dt),
            [described.connections[c.name] for c in network.connections if c.synapses.delays == "trained"],
            program.lanes * (ranks.count if on_gpu else 1),
            communicator,
        )
        p = program.problem
        key = code_key(network, dt, p.steps, p.least_slope, program.backend, program.lanes, program.capacity)
        parameters = synapse_parameters(network, dt)
        super().__init__(compiler, described, parameters, program, key, collective=communicator is not None)
        self._populations["output"].set_dynamic_param_value("Trial", 1)
        self._half = 0
        self.set_taping(False)

    def set_taping(self, on: bool) -> None:
        """Say whether the next trials are to be run backward in the trials after them."""
        for name, population in self._populations.items():
            if name != "output" or has_trained_time_constants(self.program.network.populations[name]):
                population.set_dynamic_param_value("Tape", float(on))

    def begin(self, examples: Sequence[PreprocessedSpikes]) -> None:
        """Begin a trial: forward through these examples, and backward through those of the trial before."""
        self.custom_update("Reset")
        # mlGeNN zeroes currents before the last step; those of the last step would reach the next trial.
        self.custom_update("ZeroOutPost")
        self._half = 1 - self._half
        for name, population in self.program.network.populations.items():
            if has_trained_time_constants(population):
                self._populations[name].set_dynamic_param_value("Half", self._half)
        self.set_input(examples)

    def run(self, examples: Sequence[PreprocessedSpikes]) -> None:
        """Run a whole trial; see `begin`."""
        self.begin(examples)
        step = self._model.step_time
        for _ in range(self.program.problem.steps + 1):
            step()

    def clear(self) -> None:
        """Set all gradients to 0."""
        self.custom_update("ZeroGradient")
        for name, population in self.program.network.populations.items():
            for row in sums_of(population):
                self.write(name, row, np.zeros((self.program.lanes, population.size), np.float32))

    def sums(self, population: str) -> NDArray[np.float64]:
        """Return a population's `sums_of` since the last `clear`, summed over lanes, shape (sums, size)."""
        rows = sums_of(self.program.network.populations[population])
        return np.array([self.read(population, row).sum(axis=0, dtype=np.float64) for row in rows])

    def update(self, steps: Mapping[str, Step], scale: float) -> None:
        """Let the device learn weights and delays from its gradients times ``scale``, and set all gradients to 0."""
        self.learn(steps, dict.fromkeys(steps, scale))
        self.clear()

    def set_neuron_parameters(self, weights: Weights) -> None:
        """Bring biases and time constants to the device."""
        network = self.program.network
        values = all_values(network, weights, self.program.problem.dt)
        for name, population in network.populations.items():
            for key, value in values[name].items():
                if isinstance(value, np.ndarray) and key in self._populations[name].vars:
                    self.write(name, key, value)
            for connection in network.connections:
                if connection.target == name and population.time_constants != "shared":
                    variables = self._synapses[connection.name].psm_vars
                    for key in CURRENT_VALUES:
                        variables[key].view[:] = np.asarray(values[name][key]).reshape(variables[key].view.shape)
                        variables[key].push_to_device()

    def tape(self, population: str) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
        """Return spike times on the tape in GeNN's steps, shape (lanes, size, capacity), and where a trial's are.

        Returns
        -------
        first, behind : ndarray of int64, shape (lanes, size)
            A neuron's spikes are those from ``first`` up to ``behind``, around the buffer's end.
        """
        found = self._populations[population]
        ring = found.extra_global_params["RingSpikeTime"]
        ring.pull_from_device()
        times = np.array(ring.view).reshape(self.program.lanes, found.num_neurons, self.program.capacity)
        starts, ends = (self.read(population, f"Ring{name}Offset").astype(np.int64) for name in ("WriteStart", "Write"))
        return times, (starts + 1) % self.program.capacity, ends


def synapse_parameters(network: Network, dt: float) -> dict[str, SynapseParameter]:
    """Return what the device learns of a network: all weights, and the delays that are trained."""
    connections = list(enumerate(network.connections))
    found: dict[str, Any] = {
        c.name: SynapseParameter(c.name, "g", "Gradient", f"CUGradientLearnWeight{i}") for i, c in connections
    }
    found |= {
        f"{c.name}_delay": SynapseParameter(c.name, "d", "DelayGradient", f"CUGradientLearnDelay{i}", dt)
        for i, c in connections
        if c.synapses.delays == "trained"
    }
    return found
