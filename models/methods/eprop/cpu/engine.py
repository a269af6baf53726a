"""e-prop on the CPU: kernels, feedback and optimiser put together.

Every step of a hidden neuron j is the CPU engine's (`models.engines.cpu.forward`), here for a threshold that adapts:

    I <- I + w of every event that arrives;  u = alpha V + gain I;  I <- beta I
    z = 1 if u - b a >= theta, else 0;  V = (1 - z) u;  a <- rho a + z

b is 0 for leaky neurons. With psi = gamma / theta max(0, 1 - |u - b a - theta| / theta) in place of dz/du, and x = 1
where source i has an event that arrives, the derivatives of the two states of a synapse, and of the adaptation, are

    p_i <- p_i + x;  eps_u = alpha eps_V + gain p_i;  p_i <- beta p_i      p_i: of I, the same for all targets of i
    e = psi (eps_u - b eps_a)                                             the eligibility trace, dz/dw within j
    eps_V = (1 - z) eps_u;  eps_a <- rho eps_a + e

As in Bellec et al. (2020), z in the reset and in what j sends to others and to itself counts as a constant, z in a does
not. A reset to 0 takes eps_V to 0, too; with their reset by subtraction eps_V is one trace a source.

The loss is the sum over steps n of window_n times the cross-entropy of softmax(sharpness y_n). An output sees a spike
one step later through two states of its own, J <- J + z (in the step after), y = alpha_o y + gain_o J, J <- beta_o J.
So the trace that meets the error of step n is e, filtered by the same two states:

    f_y <- alpha_o f_y + gain_o f_J;  dL/dw += f_y L_n;  f_J <- beta_o f_J + e
    L_n = sum over outputs k of B_kj sharpness window_n (p_k - target_k)

with p the softmax and B the feedback. Output weights get the error times the hidden spike's own f_y, exact. The
regulariser adds d(strength / 2 sum_j (mean count_j - target)^2)/dw with d(count)/dw = sum of e.

Written out, a step changes eps_V, f_J, f_y and dL/dw of each synapse. All four are linear in each other and in p_i,
with coefficients of j alone, so the kernels do it once in BLOCK steps: what they are at the end of a block is a sum of
what they were at its beginning and of a number for each event, and these coefficients are the transpose of the block's
steps, neuron by neuron (`transposed`). The result is that of the steps up to rounding, the cost one pass over the
synapses a block and one over the targets an event, and memory does not grow with the trial. A source without events so
far has no traces and costs nothing.
"""

from __future__ import annotations

from typing import ClassVar

import numba
import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.base import Engine, Gradients, Predictions, Tally
from models.engines.cpu.arguments import Connections, Events, Neurons
from models.engines.cpu.engine import GROUPS
from models.engines.cpu.gather import sum_groups
from models.engines.cpu.parameters import Grid, LayerParameters
from models.errors import InputError
from models.kernels import threads_here
from models.losses import CrossEntropy
from models.methods.eprop.cpu.arguments import Heard, Layers, Sums, Task
from models.methods.eprop.cpu.batch import run_batch
from models.methods.eprop.cpu.feedback import Feedback
from models.methods.eprop.cpu.memory import allocate
from models.methods.eprop.cpu.rule import make_method
from models.methods.eprop.judging import judge, targets
from models.methods.eprop.options import EpropOptions
from models.network import Weights
from models.problem import Problem
from models.recording import Recording, Spikes


class _Layer(LayerParameters):
    """A population, as the kernels of this method take it."""

    @property
    def arguments(self) -> tuple[Connections, Neurons]:
        """What arrives at the neurons, and their parameters."""
        return self._connections, self._neurons


class EpropEngine(Engine):
    """e-prop with one hidden layer on the CPU.

    Parameters
    ----------
    problem : Problem
    weights : dict of str to ndarray
        Initial parameters; copied.
    threads : int
        Threads to use; 0 takes all that Numba has. No result depends on it.
    """

    name: ClassVar[str] = "cpu, e-prop"

    def __init__(self, problem: Problem, weights: Weights, threads: int = 0) -> None:
        self.threads = threads_here(threads)
        network, self.options = problem.network, EpropOptions.of(problem.options)
        self._method = make_method(problem)
        rows = network.input.size + (network.hidden_size if network.hidden[0].recurrent is not None else 0)
        copies, traces = network.input.delay_line.copies, len(self._method.sources)
        self._memory = allocate(self.threads, rows, network.hidden_size, network.output.size, copies, traces)
        super().__init__(problem, weights)

    @property
    def loss(self) -> CrossEntropy:
        """The loss, of which e-prop takes window, scale, temperature and smoothing."""
        assert isinstance(self.problem.loss, CrossEntropy)
        return self.problem.loss

    def gradients(self, batch: SpikeBatch) -> Gradients:
        """Return e-prop's estimate of the gradient of the mean loss over a batch, and learn nothing."""
        heard, sums = self._run(batch, learning=True)
        counts = heard.counts.sum(axis=0)
        hidden, output = (np.empty(groups.shape[1:], np.float32) for groups in (sums.hidden, sums.output))
        sum_groups(sums.hidden, hidden)
        sum_groups(sums.output, output)
        unit = np.float32(self._sharpness / len(batch))
        hidden *= unit
        if self._method.rule.regularised:
            rates = np.empty(sums.rates.shape[1:], np.float32)
            sum_groups(sums.rates, rates)
            hidden += rates * self.problem.regulariser.push(counts, len(batch))
        below, *recurrent = (c.name for c in self._hidden.connections)
        first = self._hidden.below.shape[0]
        found = {below: hidden[:first]} | dict.fromkeys(recurrent, hidden[first:])
        found[self._output.below.name] = output * unit
        logits, losses = judge(self.loss, heard.means, batch.labels)
        return Gradients(logits, losses, counts, found)

    def record(self, batch: SpikeBatch, adjoints: bool = False) -> list[Recording]:
        """Run examples without learning and keep what happened inside; there are no adjoints to keep."""
        if adjoints:
            raise InputError(f'training.method "{self.problem.method}" has no adjoints; "eventprop" has')
        heard, _ = self._run(batch, voltages=True)
        logits, _ = judge(self.loss, heard.means, batch.labels)
        dt, found = self.problem.dt, []
        for b in range(len(batch)):
            steps, neurons = np.nonzero(heard.raster[b])
            spikes = Spikes((steps.astype(np.float64) + 1) * dt, neurons.astype(np.int32))
            voltages = {"hidden": heard.hidden[b], "output": heard.output[b]}
            found.append(Recording(dt, logits[b], {"hidden": spikes}, voltages))
        return found

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return everything that resuming needs; see `Engine.state`."""
        own = {} if self.options.feedback == "symmetric" else {"feedback": self._feedback.matrix.copy()}
        return super().state() | own

    def load_state(self, state: dict[str, NDArray[np.generic]]) -> None:
        """Go back to what `state` returned.

        Raises
        ------
        InputError
            If the state is another network's.
        """
        kept = state.get("feedback")
        if self.options.feedback != "symmetric" and (kept is None or kept.shape != self._feedback.matrix.shape):
            what, shape = "nothing" if kept is None else f"shape {kept.shape}", self._feedback.matrix.shape
            raise InputError(f"the checkpoint has {what} for feedback; this network wants shape {shape}")
        super().load_state(state)
        if kept is not None:
            self._feedback.matrix[:] = kept

    def _learn(self, batch: SpikeBatch, rate: float) -> Tally:
        found = self.gradients(batch)
        name = self._output.below.name
        before = self._weights[name].copy()
        self._adam.update(self._weights, found.weights, rate)
        self._feedback.follow(before, self._weights[name], rate * self._adam.rules[name].decay)
        return Tally.of(found, batch.labels, found.hidden_counts)

    def _predict(self, batch: SpikeBatch) -> Predictions:
        heard, _ = self._run(batch)
        return Predictions(*judge(self.loss, heard.means, batch.labels), heard.counts.sum(axis=0))

    def _adopt(self) -> None:
        """Let weights be views of what the kernels read."""
        grid = Grid(self.problem.dt, self.problem.steps, False, self.threads)
        self._hidden, self._output = (_Layer(self.network, name, grid, self._weights) for name in ("hidden", "output"))
        self._feedback = Feedback(self.options.feedback, self._output.matrix)

    def _push(self) -> None:
        """Let symmetric feedback follow the output weights."""
        self._feedback.follow(self._output.matrix, self._output.matrix, 0.0)

    @property
    def _sharpness(self) -> float:
        return self.loss.scale / self.loss.temperature

    def _run(self, batch: SpikeBatch, learning: bool = False, voltages: bool = False) -> tuple[Heard, Sums]:
        """Run a batch; keep the voltages if asked."""
        numba.set_num_threads(self.threads)
        examples, steps, classes = len(batch), self.problem.steps, self.network.output.size
        rows, size = self._hidden.matrix.shape
        kept = steps if voltages else 0
        heard = Heard(
            np.empty((examples, classes)),
            np.empty((examples, size), np.int64),
            np.zeros((examples, kept, size), np.bool_),
            np.empty((examples, kept, size), np.float32),
            np.empty((examples, kept, classes), np.float32),
        )
        first = np.linspace(0, examples, min(GROUPS, examples) + 1).astype(np.int64)
        groups = len(first) - 1 if learning else 0
        sums = Sums(
            first,
            np.empty((groups, rows, size), np.float32),
            np.empty((groups, rows if self._method.rule.regularised else 0, size), np.float32),
            np.empty((groups, size, classes), np.float32),
        )
        task = Task(
            self.window_table / np.float32(steps),
            targets(self.loss, batch.labels, classes),
            np.float32(self._sharpness),
            self._feedback.matrix,
        )
        (connections, hidden), (_, output) = self._hidden.arguments, self._output.arguments
        layers = Layers(connections, hidden, output, self._output.matrix, np.arange(classes, dtype=np.int32))
        run_batch(Events.of_input(batch), *layers, *self._method, task, learning, *self._memory, heard, sums)
        return heard, sums
