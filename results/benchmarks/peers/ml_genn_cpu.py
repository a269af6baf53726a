"""mlGeNN: Eventprop in C++ that GeNN generates, on its CPU backend: one core, one example at a time, optimised build.

What is the same as ours: sizes, steps, input, initial weights, neurons, synapses, when a spike arrives, the exponential
readout window (mlGeNN's is not normalised to mean 1), Adam. What differs: as that backend has no larger batches, Adam
learns from every example; training is pipelined, so of n examples n are run forward and n - 1 backward. Generated code
lives in a folder of its own that goes away with the network.
"""

from __future__ import annotations

import contextlib
import tempfile
from typing import Any

import numpy as np
from ml_genn import Connection, Population
from ml_genn import Network as GennNetwork
from ml_genn.callbacks import Callback
from ml_genn.compilers import EventPropCompiler
from ml_genn.compilers.event_prop_compiler import default_params
from ml_genn.connectivity import Dense
from ml_genn.neurons import LeakyIntegrate, LeakyIntegrateFire, SpikeInput
from ml_genn.optimisers import Adam
from ml_genn.synapses import Exponential
from ml_genn.utils.data import preprocess_spikes

from models.batch import SpikeBatch
from models.losses import CrossEntropy
from models.network import Network, Weights
from models.windows import Exponential as ExponentialWindow

MOST_SPIKES = 500
"""Of a neuron in two consecutive trials: what mlGeNN's buffers hold unless told otherwise."""


class MlGennNetwork:
    """The network with its weights and optimiser; parameters as of `results.benchmarks.peers.surrogate`.

    The loss's window must be the exponential one.
    """

    def __init__(
        self, network: Network, weights: Weights, loss: CrossEntropy, dt: float, steps: int, learning_rate: float
    ) -> None:
        assert isinstance(loss.window, ExponentialWindow)
        (layer,) = network.hidden
        self.network = network
        self.dt = dt
        self._described = GennNetwork(default_params)
        with self._described:
            self._input = Population(SpikeInput(max_spikes=1), network.input.channels, name="input")
            self._hidden = Population(
                LeakyIntegrateFire(v_thresh=layer.threshold, tau_mem=layer.tau_mem, tau_refrac=None),
                layer.size,
                name="hidden",
            )
            self._output = Population(
                LeakyIntegrate(tau_mem=network.output.tau_mem, readout="avg_var_exp_weight"),
                network.output.size,
                name="output",
            )
            places = {"input": self._input, "hidden": self._hidden, "output": self._output}
            for c in network.connections:
                tau_syn = network.populations[c.target].tau_syn
                Connection(
                    places[c.source], places[c.target], Dense(weights[c.name]), Exponential(tau_syn), name=c.name
                )
        self._compiler = EventPropCompiler(
            example_timesteps=steps,
            losses="sparse_categorical_crossentropy",
            optimiser=Adam(learning_rate),
            max_spikes=MOST_SPIKES,
            batch_size=1,
            dt=dt,
            backend="single_threaded_cpu",
            optimize_code=True,
        )
        self._open = contextlib.ExitStack()
        self._compiled: Any = None
        self._loaded = False

    def prepare(self, batch: SpikeBatch) -> None:
        """Generate and build the code, without loading it; no example may have more events than those of ``batch``."""
        folder = self._open.enter_context(tempfile.TemporaryDirectory())
        self._input.neuron.max_spikes = int(np.diff(batch.offsets).max(initial=1))
        self._compiled = self._compiler.compile(self._described, name="spoken_spikes")
        self._compiled.genn_model.build(path_to_model=folder)

    def train(self, batch: SpikeBatch) -> int:
        """Learn from a batch, example by example; return the number of hidden spikes."""
        if not self._loaded:
            self._open.enter_context(self._compiled)
            self._loaded = True
        events = [
            preprocess_spikes(batch.steps[begin:end] * self.dt, batch.units[begin:end], self.network.input.channels)
            for begin, end in zip(batch.offsets[:-1], batch.offsets[1:], strict=True)
        ]
        count = _SpikeCount(self._compiled.neuron_populations[self._hidden])
        self._compiled.train(
            {self._input: events}, {self._output: batch.labels}, num_epochs=1, shuffle=False, callbacks=[count]
        )
        return sum(count.spikes)


class _SpikeCount(Callback):  # type: ignore[misc]
    """Counts a population's spikes by how far each neuron's tape moved on in an example."""

    def __init__(self, population: Any) -> None:
        # mlGeNN copies callbacks, but not what they refer to.
        self.spikes: list[int] = []
        self._offset = population.vars["RingWriteOffset"]

    def on_batch_begin(self, batch: int) -> None:
        """Remember where the tape is."""
        self._before = self._read()

    def on_batch_end(self, batch: int, metrics: Any) -> None:
        """Add what is new."""
        self.spikes.append(int(((self._read() - self._before) % MOST_SPIKES).sum()))

    def _read(self) -> Any:
        self._offset.pull_from_device()
        return self._offset.view.copy()
