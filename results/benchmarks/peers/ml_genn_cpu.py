"""mlGeNN: Eventprop in C++ that GeNN generates, on its CPU backend: one core, one example at a time, optimised build.

What is the same as ours: sizes, steps, input, initial weights, neurons, synapses, when a spike arrives, the exponential
readout window (mlGeNN's is not normalised to mean 1), Adam. What differs: as that backend has no larger batches, Adam
learns from every example; training is pipelined, so of n examples n are run forward and n - 1 backward. Generated code
lives in a folder of its own that goes away with the network.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import tempfile
from functools import cached_property
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
from models.network import Weights
from models.problem import Problem
from models.windows import Exponential as ExponentialWindow
from models.windows import Uniform

_NUMBERS = itertools.count()

BETA_1 = 0.9
"""mlGeNN's Adam's decay of the first moment."""

MOST_SPIKES = 500
"""Of a neuron in two consecutive trials: what mlGeNN's buffers hold unless told otherwise."""


READOUTS = {Uniform: "avg_var", ExponentialWindow: "avg_var_exp_weight"}
"""mlGeNN's windows; the exponential one is not normalised there."""


class MlGennNetwork:
    """The network with its weights and optimiser; the loss's window must be one of `READOUTS`, its scale 1."""

    def __init__(self, problem: Problem, weights: Weights, learning_rate: float) -> None:
        network, loss = problem.network, problem.loss
        assert isinstance(loss, CrossEntropy)
        assert type(loss.window) in READOUTS
        assert loss.scale == 1
        (layer,) = network.hidden
        self.network, self.dt = network, problem.dt
        self._described = GennNetwork(default_params)
        with self._described:
            self._input = Population(SpikeInput(max_spikes=1), network.input.channels, name="input")
            neuron = LeakyIntegrateFire(v_thresh=layer.threshold, tau_mem=layer.tau_mem, tau_refrac=None)
            readout = LeakyIntegrate(tau_mem=network.output.tau_mem, readout=READOUTS[type(loss.window)])
            self._hidden = Population(neuron, layer.size, name="hidden")
            self._output = Population(readout, network.output.size, name="output")
            places = {"input": self._input, "hidden": self._hidden, "output": self._output}
            self._connections = {
                c.name: Connection(
                    places[c.source],
                    places[c.target],
                    Dense(weights[c.name]),
                    Exponential(network.populations[c.target].tau_syn),
                    name=c.name,
                )
                for c in network.connections
            }
        self._compiler = EventPropCompiler(
            example_timesteps=problem.steps,
            losses="sparse_categorical_crossentropy",
            optimiser=Adam(learning_rate, beta1=BETA_1),
            max_spikes=MOST_SPIKES,
            batch_size=1,
            dt=problem.dt,
            backend="single_threaded_cpu",
            optimize_code=True,
        )
        self._open = contextlib.ExitStack()

    def prepare(self, batch: SpikeBatch) -> None:
        """Generate and build the code, without loading it; no example may have more events than those of ``batch``."""
        folder = self._open.enter_context(tempfile.TemporaryDirectory())
        self._input.neuron.max_spikes = int(np.diff(batch.offsets).max(initial=1))
        # Two networks of one name in a process get in each other's way.
        self._built = self._compiler.compile(self._described, name=f"spoken_spikes_{next(_NUMBERS)}")
        # What make says of its folders does not belong in a table.
        os.environ.setdefault("MAKEFLAGS", "--no-print-directory")
        self._built.genn_model.build(path_to_model=folder)

    def train(self, batch: SpikeBatch) -> int:
        """Learn from a batch, example by example; return the number of hidden spikes."""
        events = self._events(batch)
        count = _SpikeCount(self._compiled.neuron_populations[self._hidden])
        self._compiled.train(
            {self._input: events}, {self._output: batch.labels}, num_epochs=1, shuffle=False, callbacks=[count]
        )
        return sum(count.spikes)

    def set_weights(self, weights: Weights) -> None:
        """Replace the weights; nothing is built anew."""
        for name, connection in self._connections.items():
            g = self._compiled.connection_populations[connection].vars["g"]
            g.view[:] = weights[name].reshape(g.view.shape)
            g.push_to_device()

    def gradients(self, batch: SpikeBatch) -> Weights:
        """Return the gradient of the mean loss; the learning rate must be 0.

        A gradient is zeroed when it is learned from, but goes into Adam's first moment before. mlGeNN leaves out the
        factor tau_mem of the population whose spikes the gradient belongs to, which is put back.
        """
        events, names = self._events(batch), [c.name for c in self.network.connections]
        total = {c.name: np.zeros(c.shape, np.float32) for c in self.network.connections}
        before = {name: self._first_moment(i) for i, name in enumerate(names)}
        for example, label in zip(events, batch.labels, strict=True):
            # Pipelined: the second presentation runs the first one backward.
            self._compiled.train(
                {self._input: [example] * 2}, {self._output: [label] * 2}, num_epochs=1, shuffle=False, callbacks=[]
            )
            for i, c in enumerate(self.network.connections):
                after = self._first_moment(i)
                one = (after - BETA_1 * before[c.name]) / (1 - BETA_1)
                total[c.name] += one.reshape(c.shape) * self.network.populations[c.target].tau_mem / len(events)
                before[c.name] = after
        return total

    def close(self) -> None:
        """Unload the network and remove its generated code."""
        self._open.close()

    @cached_property
    def _compiled(self) -> Any:
        """The network, loaded when it is first used."""
        self._open.enter_context(self._built)
        return self._built

    def _events(self, batch: SpikeBatch) -> list[Any]:
        return [
            preprocess_spikes(batch.steps[begin:end] * self.dt, batch.units[begin:end], self.network.input.channels)
            for begin, end in zip(batch.offsets[:-1], batch.offsets[1:], strict=True)
        ]

    def _first_moment(self, connection: int) -> Any:
        moment = self._compiled.genn_model.custom_updates[f"CUGradientLearnWeight{connection}"].vars["M"]
        moment.pull_from_device()
        return moment.view.copy()


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
