"""Networks of parallel neurons, as Yarga and Wood's code has them; the readout is that of this project's other engines.

X = W x + b arrives in a step and acts on V in the same step, and V's spikes on the layer above, too: layers have no
delay. A "recurrent" layer is no recurrence in time but two passes, one step of Picard's iteration: the spikes h of V0,
the voltages without recurrence, one step before; then V = V0 + k * (X + W_rec h), in which X has entered twice.
"""

from __future__ import annotations

import torch

from models.batch import SpikeBatch
from models.engines.operations import Work, spiking_work
from models.engines.torch.engine import Run, Tensors, TorchEngine, spikes_of_neurons
from models.engines.torch.inputs import Drive
from models.engines.torch.noise import Noise
from models.methods.parallel_lif.membrane import Membrane
from models.methods.parallel_lif.options import ParallelOptions
from models.methods.parallel_lif.spike import earlier, fire
from models.methods.spsn.options import SpsnOptions
from models.network import Hidden


class ParallelEngine(TorchEngine):
    """Backpropagation through neurons that have no reset; see `TorchEngine`.

    Random spikes are drawn anew for every update; in predictions with the same numbers for every example, so that
    scores are reproducible. See `Noise`.
    """

    def run(self, parameters: Tensors, batch: SpikeBatch, voltages: bool = False) -> Run:
        """Run a batch; see `TorchEngine.run`. It is training where a gradient is wanted."""
        problem, network = self.problem, self.network
        training = any(parameter.requires_grad for parameter in parameters.values())
        noise = Noise(self._adam.step + 1 if training else 0, len(batch), self.device)
        drive = Drive(batch, network.input, problem.dt, problem.steps, self.device)
        all_spikes: list[torch.Tensor] = []
        all_voltages: list[torch.Tensor] = []
        first_pass: Tensors = {}
        below = "input"
        for name, population in network.populations.items():
            weights = parameters[f"{below}_{name}"]
            arriving = all_spikes[-1] @ weights if all_spikes else drive.through(weights)
            bias = parameters[f"{name}_bias"] if population.bias else None
            membrane = Membrane(name, population, parameters, problem.dt, problem.steps, exact=name == "output")
            if isinstance(population, Hidden):
                voltage = membrane.voltages(arriving if bias is None else arriving + bias)
                if population.recurrent is not None:
                    first_pass[name] = self._fire(earlier(voltage), population, noise)
                    voltage = 2 * voltage + membrane.voltages(first_pass[name] @ parameters[f"{name}_{name}"])
                all_spikes.append(self._fire(voltage, population, noise))
            else:
                voltage = membrane.voltages(arriving)
                voltage = voltage if bias is None else voltage + membrane.pushed(bias)
            all_voltages.append(voltage)
            below = name
        kept = tuple(all_voltages) if voltages else ()
        return Run(self._observe(all_voltages[-1]), tuple(all_spikes), kept, first_pass)

    def _work(self, batch: SpikeBatch) -> Work:
        """Return what a batch costs: of two passes, the first one's spikes act on the layer, the second one's above."""
        with torch.no_grad():
            ran = self.run(self._parameters(()), batch)
        names = [name for name, _ in self._hidden_layers()]
        layers = {name: spikes_of_neurons(spikes) for name, spikes in zip(names, ran.spikes, strict=True)}
        first = {name: spikes_of_neurons(spikes) for name, spikes in ran.first_pass.items()}
        carried = {
            c.name: (first if c.kind == "recurrent" else layers)[c.source]
            for c in self.network.connections
            if c.kind != "input"
        }
        return spiking_work(self.problem, self.weights, batch, self._hidden_counts(ran).sum(), carried)

    def _fire(self, voltage: torch.Tensor, population: Hidden, noise: Noise) -> torch.Tensor:
        options = self.problem.options
        assert isinstance(options, ParallelOptions | SpsnOptions)
        return fire(voltage, population.threshold, options, lambda: noise.uniform(self.problem.steps, population.size))
