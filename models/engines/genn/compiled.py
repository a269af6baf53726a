"""A network that mlGeNN has compiled: its code built and loaded, its arrays by this project's names."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.adam import Step
from models.engines.genn.arrays import read_matrix, read_neurons, write_first_lane, write_matrix, write_neurons
from models.engines.genn.building import build, unload
from models.engines.genn.device_adam import set_numbers
from models.engines.genn.folders import CodeFolder
from models.engines.genn.program import Program
from models.engines.genn.translate import MlGennNetwork
from models.network import Weights

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class SynapseParameter:
    """A parameter of synapses that the device learns: weights or delays.

    Attributes
    ----------
    variable, gradient, update : str
        GeNN's names of the variable, of the variable that adds its gradient up, and of the custom update that learns.
    unit : float
        What 1 of the device's variable is: 1 for weights; for delays, which the device has in steps, a step in ms.
    """

    connection: str
    variable: str
    gradient: str
    update: str
    unit: float = 1.0


class CompiledNetwork:
    """A compiled network, and what is learned on the device.

    Parameters
    ----------
    parameters : dict of str to SynapseParameter
        Everything that the device learns, by the network's names.
    key : str
        Name of the code; see `models.engines.genn.program.code_key`.
    collective : bool
        Whether the devices of several processes add gradients up between them.

    Raises
    ------
    InputError
        If the generated code does not compile.
    """

    def __init__(
        self,
        compiler: Any,
        described: MlGennNetwork,
        parameters: Mapping[str, SynapseParameter],
        program: Program,
        key: str,
        collective: bool = False,
    ) -> None:
        self.folder = CodeFolder.take(key)
        self._close = weakref.finalize(self, unload, None, self.folder)
        self.parameters, self.program = parameters, program
        self._shapes = program.network.shapes
        self._over_lanes = compiler.full_batch_size > 1
        self._compiled = compiler.compile(described.network, name=self.folder.name)
        self._model = self._compiled.genn_model
        self._input = described.populations["input"]
        self._populations = {
            name: self._compiled.neuron_populations[population] for name, population in described.populations.items()
        }
        self._synapses = {
            name: self._compiled.connection_populations[connection]
            for name, connection in described.connections.items()
        }
        build(self._model, self.folder, program.backend)
        if collective:
            # Entering mlGeNN's context also prepares the sums over the processes' devices.
            self._compiled.__enter__()
        else:
            self._model.load()
        self._close.detach()
        self._close = weakref.finalize(self, unload, self._model, self.folder)

    def close(self) -> None:
        """Unload the code, and let others use its folder."""
        self._close()

    def set_input(self, examples: Sequence[PreprocessedSpikes]) -> None:
        """Go back to a trial's first step, with the input events of at most as many examples as run at once."""
        self._model.timestep = 0
        self._compiled.set_input({self._input: list(examples)})

    def step(self) -> None:
        """Run one of the trial's steps."""
        self._model.step_time()

    def custom_update(self, group: str) -> None:
        """Run a group of the device's custom updates."""
        self._model.custom_update(group)

    def read(self, population: str, variable: str) -> NDArray[Any]:
        """Return a copy of a neuron variable, shape (lanes, size)."""
        return read_neurons(self._populations[population], variable)

    def write(self, population: str, variable: str, values: NDArray[Any]) -> None:
        """Set a neuron variable; ``values`` has shape (lanes, size), or (size,) where all examples share it."""
        write_neurons(self._populations[population], variable, values)

    def read_parameter(self, name: str) -> Floats:
        """Return a copy of weights or delays, shape (pre, post); delays in ms."""
        p = self.parameters[name]
        return read_matrix(self._variable(p, p.variable), self._shapes[p.connection]) * np.float32(p.unit)

    def write_parameter(self, name: str, values: Floats) -> None:
        """Set weights or delays, shape (pre, post); delays in ms."""
        p = self.parameters[name]
        write_matrix(self._variable(p, p.variable), values / np.float32(p.unit))

    def gradient(self, name: str) -> Floats:
        """Return what trials have added up since the last update or `clear`, shape (pre, post); of delays in 1 / ms."""
        p = self.parameters[name]
        return read_matrix(self._variable(p, p.gradient), self._shapes[p.connection]) / np.float32(p.unit)

    def write_gradient(self, name: str, values: Floats) -> None:
        """Replace what trials have added up; see `gradient`."""
        p = self.parameters[name]
        write_first_lane(self._variable(p, p.gradient), values * np.float32(p.unit))

    def moments(self, name: str) -> tuple[Floats, Floats]:
        """Return copies of Adam's two moments, each (pre, post)."""
        p = self.parameters[name]
        variables, shape = self._model.custom_updates[p.update].vars, self._shapes[p.connection]
        return read_matrix(variables["M"], shape), read_matrix(variables["V"], shape)

    def set_moments(self, name: str, first: Floats, second: Floats) -> None:
        """Set Adam's moments, each (pre, post)."""
        variables = self._model.custom_updates[self.parameters[name].update].vars
        write_matrix(variables["M"], first)
        write_matrix(variables["V"], second)

    def learn(self, steps: Mapping[str, Step], scales: Mapping[str, float]) -> None:
        """Let the device learn from its gradients times ``scales``, summed over the examples that ran at once."""
        for name, step in steps.items():
            p = self.parameters[name]
            set_numbers(self._model.custom_updates[p.update], step, scales[name], p.unit)
        if self._over_lanes:
            self.custom_update("GradientBatchReduce")
        self.custom_update("GradientLearn")

    def set_neuron_parameters(self, weights: Weights) -> None:
        """Bring biases and time constants to the device, where the network has any."""

    def _variable(self, parameter: SynapseParameter, name: str) -> Any:
        return self._synapses[parameter.connection].vars[name]
