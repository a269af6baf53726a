"""A compiled e-prop network, run trial by trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from ml_genn.compilers.eprop_compiler import default_params
from ml_genn.synapses import Delta
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.adam import Step
from models.engines.genn.compiled import CompiledNetwork, Floats, SynapseParameter
from models.engines.genn.program import Program, code_key
from models.engines.genn.translate import to_mlgenn
from models.methods.eprop.genn.compiler import AFTER, BEFORE, EXTRA_STEPS, WindowedEPropCompiler
from models.network import Weights


class EpropSimulator(CompiledNetwork):
    """A compiled network with one hidden layer, for e-prop.

    Parameters
    ----------
    temperature : float
        Divides the output voltages before the softmax.
    room : int
        Input events, of all examples of a trial, that there is room for.
    """

    def __init__(self, program: Program, temperature: float, weights: Weights, room: int) -> None:
        network, p = program.network, program.problem
        rates = (p.regulariser.strength, p.regulariser.target)
        parameters = {
            c.name: SynapseParameter(c.name, "g", "DeltaG", f"CUGradientLearnWeight{i}")
            for i, c in enumerate(network.connections)
        }
        window = np.pad(program.window, (BEFORE, AFTER))
        described = to_mlgenn(network, weights, window, p.dt, room, default_params, 0.0, lambda tau_syn: Delta())
        key = code_key("e-prop", network, p.dt, p.steps, temperature, program.backend, program.lanes, *rates)
        super().__init__(WindowedEPropCompiler(program, temperature), described, parameters, program, key)

    def run(
        self,
        examples: Sequence[PreprocessedSpikes],
        targets: Floats,
        learned: NDArray[np.bool_],
        after: Callable[[], None] | None = None,
    ) -> None:
        """Run a trial; its gradients are added to those of the trials before.

        Parameters
        ----------
        examples : sequence of PreprocessedSpikes
            At most as many as lanes.
        targets : ndarray, shape (lanes, classes)
            Target probabilities.
        learned : ndarray of bool, shape (lanes,)
            Which lanes run an example to learn from.
        after : callable, optional
            Called after each step.
        """
        for group in ("Reset", "Forget"):
            self.custom_update(group)
        self.set_input(examples)
        self.write("output", "Target", targets)
        self.write("output", "Learned", learned.repeat(self.program.network.output.size))
        for _ in range(self.program.problem.steps + EXTRA_STEPS):
            self.step()
            for group in ("Softmax1", "Softmax2", "Softmax3"):
                self.custom_update(group)
            if after is not None:
                after()

    def clear(self) -> None:
        """Set all gradients to 0."""
        for name, shape in self._shapes.items():
            self.write_gradient(name, np.zeros(shape, np.float32))

    def update(self, steps: Mapping[str, Step], scales: Mapping[str, float]) -> None:
        """Let the device learn from its gradients times ``scales``, and set them to 0."""
        self.learn(steps, scales)
