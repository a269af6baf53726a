"""The network of the CPU engine, step for step, differentiated through time.

One step, as in `models.engines.cpu.forward`: I takes up what arrives; V <- alpha V + gain I + (1 - alpha) bias; I <-
beta I; where V reaches the threshold there is a spike, which arrives in the next step, and V <- 0. Memory grows with
the number of steps times neurons: autograd keeps V of every step.
"""

from __future__ import annotations

import numpy as np
import torch

from models.batch import SpikeBatch
from models.engines.coefficients import Coefficients
from models.engines.torch.engine import Run, Tensors, TorchEngine
from models.engines.torch.inputs import Drive
from models.methods.surrogate.options import SurrogateOptions
from models.methods.surrogate.spike import Spike
from models.network import Hidden, Leaky


class SurrogateEngine(TorchEngine):
    """Backpropagation through time with surrogate gradients; see `TorchEngine`."""

    def run(self, parameters: Tensors, batch: SpikeBatch, voltages: bool = False) -> Run:
        """Run a batch; see `TorchEngine.run`."""
        problem, network = self.problem, self.network
        drive = Drive(batch, network.input, problem.dt, problem.steps, self.device)
        names = {
            connection.target: connection.name for connection in network.connections if connection.kind != "recurrent"
        }
        arriving = drive.through(parameters[next(iter(names.values()))])
        all_spikes: list[torch.Tensor] = []
        all_voltages: list[torch.Tensor] = []
        for name, population in network.populations.items():
            if all_spikes:
                below = all_spikes[-1]
                before = torch.cat([torch.zeros_like(below[:1]), below[:-1]])
                arriving = before @ parameters[names[name]]
            neurons = _Neurons(name, population, parameters, problem.dt)
            if name == "output":
                all_voltages.append(neurons.integrate(arriving))
            else:
                assert isinstance(population, Hidden)
                recurrent = parameters[f"{name}_{name}"] if population.recurrent is not None else None
                options = problem.options
                assert isinstance(options, SurrogateOptions)
                spikes, kept = neurons.fire(arriving, recurrent, population.threshold, options, voltages)
                all_spikes.append(spikes)
                all_voltages += kept
        return Run(self._observe(all_voltages[-1]), tuple(all_spikes), tuple(all_voltages) if voltages else ())


class _Neurons:
    """A population's coefficients of one step, as tensors; of trained time constants, differentiable."""

    def __init__(self, name: str, population: Leaky, parameters: Tensors, dt: float) -> None:
        like = next(iter(parameters.values()))
        if population.time_constants == "shared":
            c = Coefficients.of(np.array(population.tau_mem), np.array(population.tau_syn), dt, interpolated=False)
            self.alpha, self.beta, self.gain = (like.new_tensor(float(v)) for v in (c.alpha, c.beta, c.gain))
        else:
            tau_mem, tau_syn = parameters[f"{name}_tau_mem"], parameters[f"{name}_tau_syn"]
            self.alpha, self.beta = torch.exp(-dt / tau_mem), torch.exp(-dt / tau_syn)
            self.gain = (1 - self.alpha) * (tau_syn / dt) * (1 - self.beta)
        self.push = (1 - self.alpha) * parameters[f"{name}_bias"] if population.bias else None

    def integrate(self, arriving: torch.Tensor) -> torch.Tensor:
        """Return the voltages at the end of each step of neurons that never spike, of the shape of ``arriving``."""
        voltage = current = torch.zeros_like(arriving[0])
        found = []
        for drive in arriving.unbind():
            voltage, current = self._step(voltage, current + drive)
            found.append(voltage)
        return torch.stack(found)

    def fire(
        self,
        arriving: torch.Tensor,
        recurrent: torch.Tensor | None,
        threshold: float,
        options: SurrogateOptions,
        voltages: bool,
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return spikes, of the shape of ``arriving``, and in a list the voltages if they are wanted."""
        voltage = current = spikes = torch.zeros_like(arriving[0])
        fired: list[torch.Tensor] = []
        kept: list[torch.Tensor] = []
        for drive in arriving.unbind():
            current = current + drive
            if recurrent is not None and fired:
                current = current + spikes @ recurrent
            voltage, current = self._step(voltage, current)
            spikes = Spike.apply((voltage - threshold) / threshold, options)
            voltage = voltage * (1 - (spikes.detach() if options.reset == "detached" else spikes))
            fired.append(spikes)
            if voltages:
                kept.append(voltage)
        return torch.stack(fired), [torch.stack(kept)] if voltages else []

    def _step(self, voltage: torch.Tensor, current: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        voltage = self.alpha * voltage + self.gain * current
        if self.push is not None:
            voltage = voltage + self.push
        return voltage, self.beta * current
