"""An e-prop network that GeNN has compiled: built, run trial by trial, its arrays read and written."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from ml_genn import Connection, Population
from ml_genn import Network as GennNetwork
from ml_genn.compilers.eprop_compiler import default_params
from ml_genn.connectivity import Dense
from ml_genn.neurons import LeakyIntegrate, LeakyIntegrateFire, SpikeInput
from ml_genn.synapses import Delta
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.adam import Step
from models.engines.base import Regulariser
from models.engines.genn.arrays import read_matrix, read_neurons, write_matrix, write_neurons
from models.engines.genn.available import Backend, version_of
from models.engines.genn.building import build, unload
from models.engines.genn.folders import CodeFolder
from models.engines.genn.optimiser import set_numbers
from models.engines.genn.readout import WindowedAvgVar
from models.methods.eprop.compiler import AFTER, BEFORE, LATE, WindowedEPropCompiler
from models.network import Network, Weights

Floats = NDArray[np.float32]


class EpropSimulator:
    """A compiled network with one recurrent hidden layer, for e-prop.

    Parameters
    ----------
    network : Network
    weights : dict of str to ndarray
        To begin with.
    window : ndarray of float32, shape (steps,)
        What the probabilities of each step count.
    dt : float
        ms.
    temperature : float
        Divides the output voltages before the softmax.
    regulariser : Regulariser
    room : int
        Input events of all examples of a trial that there is room for.
    backend : {"single_threaded_cpu", "cuda", "hip"}
    lanes : int
        Examples that run at once.

    Raises
    ------
    InputError
        If the generated code does not compile.
    """

    def __init__(
        self,
        network: Network,
        weights: Weights,
        window: Floats,
        dt: float,
        temperature: float,
        regulariser: Regulariser,
        room: int,
        backend: Backend,
        lanes: int,
    ) -> None:
        self.network, self.steps, self.lanes, self.room = network, len(window), lanes, room
        (hidden,) = network.hidden
        described = GennNetwork(default_params)
        with described:
            self._input = Population(SpikeInput(max_spikes=room), network.input.size, name="input")
            neuron = LeakyIntegrateFire(v_thresh=hidden.threshold, tau_mem=hidden.tau_mem / dt, tau_refrac=0.0)
            readout = WindowedAvgVar(np.pad(window, (BEFORE, AFTER)))
            leaky = LeakyIntegrate(tau_mem=network.output.tau_mem / dt, readout=readout)
            places = {
                "input": self._input,
                "hidden": Population(neuron, hidden.size, name="hidden"),
                "output": Population(leaky, network.output.size, name="output"),
            }
            connections = {
                c.name: Connection(places[c.source], places[c.target], Dense(weights[c.name]), Delta(), name=c.name)
                for c in network.connections
            }
        settings = (network, self.steps, dt, temperature, regulariser.strength, regulariser.target, lanes, backend)
        text = f"e-prop {settings} {version_of('pygenn')} {version_of('ml_genn')}"
        folder = CodeFolder.take(hashlib.sha256(text.encode()).hexdigest()[:20])
        self._compiled = WindowedEPropCompiler(*settings).compile(described, name=folder.name)
        self._model = self._compiled.genn_model
        build(self._model, folder, backend)
        self._model.load()
        self._close = weakref.finalize(self, unload, self._model, folder)
        self._groups = {name: self._compiled.neuron_populations[place] for name, place in places.items()}
        self._synapses = {name: self._compiled.connection_populations[c] for name, c in connections.items()}
        self._optimisers = {
            c.name: self._model.custom_updates[f"CUGradientLearnWeight{i}"] for i, c in enumerate(network.connections)
        }

    def close(self) -> None:
        """Unload the code, and let others have its folder."""
        self._close()

    def run(
        self,
        examples: Sequence[PreprocessedSpikes],
        targets: Floats,
        learned: NDArray[np.bool_],
        after: Callable[[], None] | None = None,
    ) -> None:
        """Run a trial; its gradients are added to those before.

        Parameters
        ----------
        examples : sequence of PreprocessedSpikes
            At most as many as lanes.
        targets : ndarray, shape (lanes, classes)
            Probabilities.
        learned : ndarray of bool, shape (lanes,)
            Which lanes there is something to learn from.
        after : callable, optional
            Called after each step.
        """
        for group in ("Reset", "Forget"):
            self._model.custom_update(group)
        self._model.timestep = 0
        self._compiled.set_input({self._input: list(examples)})
        write_neurons(self._groups["output"], "Target", targets)
        write_neurons(self._groups["output"], "Learned", learned.repeat(self.network.output.size))
        for _ in range(self.steps + LATE):
            self._model.step_time()
            for group in ("Softmax1", "Softmax2", "Softmax3"):
                self._model.custom_update(group)
            if after is not None:
                after()

    def read(self, population: str, variable: str) -> NDArray[np.float32]:
        """Return a copy of a neuron variable, shape (lanes, size)."""
        return read_neurons(self._groups[population], variable)

    def weights(self) -> Weights:
        """Return copies of the weights."""
        return self._matrices("g")

    def write_weights(self, weights: Weights) -> None:
        """Set some of the weights."""
        for name, values in weights.items():
            write_matrix(self._synapses[name].vars["g"], values)

    def totals(self) -> Weights:
        """Return what trials since the last `clear` or `update` have added up, in mlGeNN's units."""
        return self._matrices("DeltaG")

    def write_totals(self, totals: Weights) -> None:
        """Replace what trials have added up."""
        self.clear()
        for name, total in totals.items():
            variable = self._synapses[name].vars["DeltaG"]
            # Of examples that run at once each adds up its own: the first one gets all.
            variable.view.reshape(-1)[: total.size] = total.reshape(-1)
            variable.push_to_device()

    def clear(self) -> None:
        """Begin gradients anew."""
        for group in self._synapses.values():
            group.vars["DeltaG"].view[:] = 0
            group.vars["DeltaG"].push_to_device()

    def update(self, steps: Mapping[str, Step], factors: Mapping[str, float]) -> None:
        """Let the device learn from its gradients times factors, and begin them anew."""
        for name, step in steps.items():
            set_numbers(self._optimisers[name], step, factors[name])
        if self.lanes > 1:
            self._model.custom_update("GradientBatchReduce")
        self._model.custom_update("GradientLearn")

    def moments(self) -> tuple[Weights, Weights]:
        """Return copies of Adam's two moments."""
        first, second = (
            {name: read_matrix(self._optimisers[name].vars[key], shape) for name, shape in self._shapes()}
            for key in ("M", "V")
        )
        return first, second

    def set_moments(self, first: Weights, second: Weights) -> None:
        """Set Adam's moments."""
        for name in self._synapses:
            write_matrix(self._optimisers[name].vars["M"], first[name])
            write_matrix(self._optimisers[name].vars["V"], second[name])

    def _matrices(self, variable: str) -> Weights:
        return {name: read_matrix(self._synapses[name].vars[variable], shape) for name, shape in self._shapes()}

    def _shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        return [(name, self.network.shapes[name]) for name in self._synapses]
