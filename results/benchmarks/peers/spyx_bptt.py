"""Spyx: backpropagation through time in JAX, compiled, with Spyx's own layers, surrogate gradient and scan.

What is the same as ours: sizes, steps, input, initial weights (scaled, for Spyx adds the current itself to the
voltage), time constants, threshold, when a spike arrives, the readout's window, Adam. What differs: the threshold is
subtracted from the voltage at a spike; the readout has no synaptic current. The decays, parameters of Spyx's layers,
are held fixed. Input crosses to JAX with eight steps a byte and is unpacked there, as Spyx's loaders do; one product
for all steps makes the input's currents, which is faster than one a step; a layer of Spyx that counts spikes sits
behind the hidden one.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import spyx.nn as snn
from flax import nnx
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.network import Weights
from models.problem import Problem
from results.benchmarks.peers.discrete import decays, readout

LEARNED = nnx.All(nnx.Param, nnx.Any(nnx.PathContains("kernel"), nnx.PathContains("recurrent_w")))
"""The weights alone."""


class SpyxNetwork:
    """The network with its weights and optimiser."""

    def __init__(self, problem: Problem, weights: Weights, learning_rate: float) -> None:
        network, self.steps = problem.network, problem.steps
        self.channels = network.input.channels
        (layer,) = network.hidden
        keep_v, keep_i, gain = decays(layer, problem.dt)
        keep_out, _, gain_out = decays(network.output, problem.dt)
        rngs = nnx.Rngs(0)
        kind = snn.CuBaLIF if layer.recurrent is None else snn.RCuBaLIF
        neurons = kind((layer.size,), alpha=keep_i, beta=keep_v, threshold=layer.threshold, rngs=rngs)
        self.model = _Model(
            _linear(weights["input_hidden"] * gain, rngs),
            neurons,
            snn.ActivityRegularization((layer.size,)),
            _linear(weights["hidden_output"] * gain_out, rngs),
            snn.LI((network.output.size,), beta=keep_out, rngs=rngs),
        )
        if layer.recurrent is not None:
            neurons.recurrent_w.set_value(jnp.asarray(weights["hidden_hidden"] * gain))
        self.optimiser = nnx.Optimizer(self.model, optax.adam(learning_rate), wrt=LEARNED)
        self._step = nnx.jit(_step)
        self._window = jnp.asarray(readout(problem))

    def packed(self, batch: SpikeBatch) -> NDArray[np.uint8]:
        """Return the events as bits, shape (steps / 8, examples, channels)."""
        example = np.repeat(np.arange(len(batch)), np.diff(batch.offsets))
        dense = np.zeros((self.steps, len(batch), self.channels), dtype=np.uint8)
        dense[batch.steps, example, batch.units] = 1
        return np.packbits(dense, axis=0)

    def prepare(self, batch: SpikeBatch) -> None:
        """Compile for a batch of this size, without running it."""
        lowered: Any = self._step.lower(self.model, self.optimiser, *self._arguments(batch))
        self._step = lowered.compile()

    def train(self, batch: SpikeBatch) -> int:
        """Learn from a batch; return the number of hidden spikes."""
        loss, spikes = self._step(self.model, self.optimiser, *self._arguments(batch))
        jax.block_until_ready((loss, nnx.state(self.model)))
        return int(spikes)

    def _arguments(self, batch: SpikeBatch) -> tuple[Any, ...]:
        return jnp.asarray(self.packed(batch)), jnp.asarray(batch.labels, dtype=jnp.int32), self._window


class _Model(nnx.Module):  # type: ignore[misc]
    """The input's weights, and all that a scan goes through."""

    def __init__(self, inward: nnx.Linear, *layers: nnx.Module) -> None:
        self.inward = inward
        self.core = snn.Sequential(*layers)

    def __call__(self, events: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Return output voltages (steps, examples, classes) and the number of hidden spikes."""
        voltages, states = snn.run(self.core, self.inward(events))
        return voltages, states[1].sum()


def _linear(kernel: NDArray[np.float32], rngs: nnx.Rngs) -> nnx.Linear:
    layer = nnx.Linear(*kernel.shape, use_bias=False, rngs=rngs)
    layer.kernel.set_value(jnp.asarray(kernel))
    return layer


def _step(model: Any, optimiser: Any, packed: jax.Array, labels: jax.Array, window: jax.Array) -> Any:
    """Take one step of Adam; return the loss and the number of hidden spikes."""

    def judge(model: Any) -> tuple[jax.Array, jax.Array]:
        events = jnp.unpackbits(packed, axis=0, count=len(window)).astype(jnp.float32)
        voltages, spikes = model(events)
        logits = jnp.einsum("t,tbk->bk", window, voltages)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses.mean(), spikes

    (loss, spikes), gradients = nnx.value_and_grad(judge, argnums=nnx.DiffState(0, LEARNED), has_aux=True)(model)
    optimiser.update(model, gradients)
    return loss, spikes
