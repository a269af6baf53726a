"""A compiled network: built, loaded, run trial by trial, its arrays read and written by the names that we give them."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.adam import Step
from models.engines.genn.arrays import read_matrix, read_neurons, write_matrix, write_neurons
from models.engines.genn.available import Backend, version_of
from models.engines.genn.building import build, unload
from models.engines.genn.compiler import SUMS, WindowedEventPropCompiler
from models.engines.genn.describe import describe
from models.engines.genn.folders import CodeFolder
from models.engines.genn.optimiser import set_numbers
from models.engines.genn.populations import all_values, varies, wants_sums
from models.engines.genn.ranks import Ranks
from models.network import Network, Weights

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Program:
    """What generated code depends on.

    Attributes
    ----------
    network : Network
    dt : float
        Step in ms.
    steps : int
        Of a trial.
    least_slope : float
    backend : str
    lanes : int
        Examples that run at once.
    capacity : int
        Spikes of a neuron on the tape, of two consecutive trials.
    """

    network: Network
    dt: float
    steps: int
    least_slope: float
    backend: Backend
    lanes: int
    capacity: int

    @property
    def key(self) -> str:
        """Return a name for the code: twenty hexadecimal digits."""
        text = f"{self} {version_of('pygenn')} {version_of('ml_genn')}"
        return hashlib.sha256(text.encode()).hexdigest()[:20]


class Simulator:
    """A network that GeNN has compiled.

    Parameters
    ----------
    program : Program
    weights : dict of str to ndarray
        Parameters to begin with.
    window : ndarray of float32, shape (steps,)
        What the output voltage at the end of each step counts.
    room : int
        Input events of all examples of a trial that there is room for.
    ranks : Ranks
        This process's place among those that train together.

    Raises
    ------
    InputError
        If the generated code does not compile.
    """

    def __init__(self, program: Program, weights: Weights, window: Floats, room: int, ranks: Ranks) -> None:
        self.program, self.room = program, room
        network, dt = program.network, program.dt
        on_gpu = program.backend != "single_threaded_cpu"
        table = np.concatenate(([np.float32(0)], window)).astype(np.float32)
        described = describe(network, weights, table, dt, room)
        learned = [described.connections[c.name] for c in network.connections if c.synapses.delays == "trained"]
        self._compiler = WindowedEventPropCompiler(
            network,
            all_values(network, weights, dt),
            program.steps,
            program.least_slope,
            learned,
            program.capacity,
            program.lanes * (ranks.count if on_gpu else 1),
            program.backend,
            ranks.communicator if on_gpu else None,
        )
        self._folder = CodeFolder.take(program.key)
        self._close = weakref.finalize(self, unload, None, self._folder)
        self._input = described.populations["input"]
        self._compiled = self._compiler.compile(described.network, name=self._folder.name)
        self._model = self._compiled.genn_model
        self._populations = {
            name: self._compiled.neuron_populations[pop] for name, pop in described.populations.items()
        }
        self._synapses = {
            name: self._compiled.connection_populations[connection]
            for name, connection in described.connections.items()
        }
        self._optimisers = self._name_optimisers()
        build(self._model, self._folder, program.backend)
        if on_gpu and ranks.communicator is not None:
            # mlGeNN's way in makes the processes' sums over GPUs ready, too.
            self._compiled.__enter__()
        else:
            self._model.load()
        self._close.detach()
        self._close = weakref.finalize(self, unload, self._model, self._folder)
        self._populations["output"].set_dynamic_param_value("Trial", 1)
        self._half = 0
        self.set_taping(False)

    def close(self) -> None:
        """Unload the code, and let others have its folder."""
        self._close()

    def _name_optimisers(self) -> dict[str, Any]:
        """Return the custom updates that learn, by the names of the parameters."""
        updates = self._model.custom_updates
        found = {}
        for i, c in enumerate(self.program.network.connections):
            found[c.name] = updates[f"CUGradientLearnWeight{i}"]
            if c.synapses.delays == "trained":
                found[f"{c.name}_delay"] = updates[f"CUGradientLearnDelay{i}"]
        return found

    def set_taping(self, on: bool) -> None:
        """Say whether the next trials are to be run backward in the trials after them."""
        for name, population in self._populations.items():
            if name != "output" or wants_sums(self.program.network.populations[name]):
                population.set_dynamic_param_value("Tape", float(on))

    def begin(self, examples: Sequence[PreprocessedSpikes]) -> None:
        """Begin a trial: forward through these examples, and backward through those of the trial before."""
        self._compiled.custom_update("Reset")
        # At the beginning, not before the last step as mlGeNN does: its currents count, and are the last's, not ours.
        self._compiled.custom_update("ZeroOutPost")
        self._model.timestep = 0
        self._half = 1 - self._half
        for name, population in self.program.network.populations.items():
            if wants_sums(population):
                self._populations[name].set_dynamic_param_value("Half", self._half)
        self._compiled.set_input({self._input: list(examples)})

    def step(self) -> None:
        """Run one of the trial's steps."""
        self._model.step_time()

    def run(self, examples: Sequence[PreprocessedSpikes]) -> None:
        """Run a whole trial; see `begin`."""
        self.begin(examples)
        step = self._model.step_time
        for _ in range(self.program.steps + 1):
            step()

    def read(self, population: str, variable: str) -> NDArray[Any]:
        """Return a copy of a neuron variable, shape (lanes, size)."""
        return read_neurons(self._populations[population], variable)

    def write(self, population: str, variable: str, values: NDArray[Any]) -> None:
        """Set a neuron variable; ``values`` of shape (lanes, size), or (size,) of one that all examples share."""
        write_neurons(self._populations[population], variable, values)

    def read_synapses(self, parameter: str) -> Floats:
        """Return a copy of weights or delays, shape (pre, post); delays in ms."""
        connection, variable, unit = self._place(parameter)
        return read_matrix(self._synapses[connection].vars[variable], self._shape(connection)) * np.float32(unit)

    def write_synapses(self, parameter: str, values: Floats) -> None:
        """Set weights or delays, shape (pre, post); delays in ms."""
        connection, variable, unit = self._place(parameter)
        write_matrix(self._synapses[connection].vars[variable], values / np.float32(unit))

    def gradient(self, parameter: str) -> Floats:
        """Return what trials since the last `clear` have added up, shape (pre, post); of delays in 1 / ms."""
        connection, variable, unit = self._place(parameter)
        name = {"g": "Gradient", "d": "DelayGradient"}[variable]
        total = read_matrix(self._synapses[connection].vars[name], self._shape(connection))
        return total / np.float32(unit)

    def write_gradient(self, parameter: str, values: Floats) -> None:
        """Replace what trials have added up; see `gradient`."""
        connection, variable, unit = self._place(parameter)
        name = {"g": "Gradient", "d": "DelayGradient"}[variable]
        write_matrix(self._synapses[connection].vars[name], values * np.float32(unit))

    def clear(self) -> None:
        """Begin gradients anew."""
        self._compiled.custom_update("ZeroGradient")
        for name, population in self.program.network.populations.items():
            for row in SUMS if wants_sums(population) else SUMS[:1] if varies(population) else ():
                self.write(name, row, np.zeros((self.program.lanes, population.size), np.float32))

    def sums(self, population: str) -> NDArray[np.float64]:
        """Return what `clear` began anew for a population's own gradients, summed over lanes, shape (4 or 1, size)."""
        wanted = SUMS if wants_sums(self.program.network.populations[population]) else SUMS[:1]
        return np.array([self.read(population, row).sum(axis=0, dtype=np.float64) for row in wanted])

    def update(self, steps: Mapping[str, Step], scale: float) -> None:
        """Let the device learn from its gradients, and begin them anew.

        Parameters
        ----------
        steps : dict of str to models.adam.Step
            Of weights and delays.
        scale : float
            Factor on the gradients.
        """
        for parameter, step in steps.items():
            set_numbers(self._optimisers[parameter], step, scale, self._place(parameter)[2])
        if self._compiler.full_batch_size > 1:
            self._compiled.custom_update("GradientBatchReduce")
        self._compiled.custom_update("GradientLearn")
        self.clear()

    def moments(self, parameter: str) -> tuple[Floats, Floats]:
        """Return copies of Adam's two moments, each (pre, post)."""
        shape = self._shape(self._place(parameter)[0])
        variables = self._optimisers[parameter].vars
        return read_matrix(variables["M"], shape), read_matrix(variables["V"], shape)

    def set_moments(self, parameter: str, first: Floats, second: Floats) -> None:
        """Set Adam's moments, each (pre, post)."""
        variables = self._optimisers[parameter].vars
        write_matrix(variables["M"], first)
        write_matrix(variables["V"], second)

    def set_vectors(self, weights: Weights) -> None:
        """Follow biases and time constants that have changed."""
        network = self.program.network
        values = all_values(network, weights, self.program.dt)
        for name, population in network.populations.items():
            for key, value in values[name].items():
                if isinstance(value, np.ndarray) and key in self._populations[name].vars:
                    self.write(name, key, value)
            for connection in network.connections:
                if connection.target == name and population.time_constants != "shared":
                    variables = self._synapses[connection.name].psm_vars
                    for key in ("ExpDecay", "IScale"):
                        variables[key].view[:] = np.asarray(values[name][key]).reshape(variables[key].view.shape)
                        variables[key].push_to_device()

    def tape(self, population: str) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
        """Return spike times on the tape in GeNN's steps, shape (lanes, size, capacity), and where a trial's are.

        Returns
        -------
        times : ndarray of float32
        first, behind : ndarray of int64, shape (lanes, size)
            A neuron's spikes are those from ``first`` up to ``behind``, around the buffer's end.
        """
        found = self._populations[population]
        ring = found.extra_global_params["RingSpikeTime"]
        ring.pull_from_device()
        times = np.array(ring.view).reshape(self.program.lanes, found.num_neurons, self.program.capacity)
        starts, ends = (self.read(population, f"Ring{name}Offset").astype(np.int64) for name in ("WriteStart", "Write"))
        return times, (starts + 1) % self.program.capacity, ends

    def _place(self, parameter: str) -> tuple[str, str, float]:
        """Return connection, variable and unit of a parameter."""
        if parameter in self._synapses:
            return parameter, "g", 1.0
        return parameter.removesuffix("_delay"), "d", self.program.dt

    def _shape(self, connection: str) -> tuple[int, int]:
        return next(c.shape for c in self.program.network.connections if c.name == connection)
