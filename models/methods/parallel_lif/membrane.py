"""Membranes without reset at all steps at once: a convolution over time instead of a loop.

    I_t = beta I_(t-1) + X_t,    V_t = alpha V_(t-1) + gain I_t

is V = k * X with k the convolution of beta^t and gain alpha^t; alpha and beta are the decay of voltage and current in a
step. Fourier transforms of twice the trial's length keep the end of a trial out of its beginning if k is cut to the
trial's length before. Yarga and Wood's code does not cut it: it multiplies the transforms of X and both decays, whose
convolution is three trials long, so that exp(-trial / tau_mem) of what arrives at the end comes out at the beginning.
"""

from __future__ import annotations

import torch

from models.engines.torch.engine import Tensors
from models.network import Leaky


class Membrane:
    """The membranes of a population.

    Parameters
    ----------
    exact : bool
        Whether the membrane sees the mean of the current as it decays in a step, as in this project's engines, or
        the current at the step's beginning, gain = 1 - alpha, as in Yarga and Wood's code.
    """

    def __init__(
        self, name: str, population: Leaky, parameters: Tensors, dt: float, steps: int, exact: bool = False
    ) -> None:
        like = next(iter(parameters.values()))
        if population.time_constants == "shared":
            tau_mem, tau_syn = (like.new_tensor([tau]) for tau in (population.tau_mem, population.tau_syn))
        else:
            tau_mem, tau_syn = parameters[f"{name}_tau_mem"], parameters[f"{name}_tau_syn"]
        gain = -torch.expm1(-dt / tau_mem)
        if exact:
            gain = gain * (tau_syn / dt) * -torch.expm1(-dt / tau_syn)
        self._steps = steps
        self._times = dt * torch.arange(steps, device=like.device)[:, None]
        self._tau_mem = tau_mem
        current, voltage = torch.exp(-self._times / tau_syn), gain * torch.exp(-self._times / tau_mem)
        kernel = self._signal(self._spectrum(current) * self._spectrum(voltage))
        self._transfer = self._spectrum(kernel)
        self._dt = dt

    def voltages(self, arriving: torch.Tensor) -> torch.Tensor:
        """Return the voltages at the end of each step, of the shape of what arrives, (steps, examples, neurons)."""
        return self._signal(self._spectrum(arriving) * self._transfer)

    def pushed(self, bias: torch.Tensor) -> torch.Tensor:
        """Return the voltages that a constant current through the membrane alone gives, shape (steps, 1, neurons)."""
        return (bias * -torch.expm1(-(self._times + self._dt) / self._tau_mem))[:, None]

    def _spectrum(self, values: torch.Tensor) -> torch.Tensor:
        # With time as the last dimension a CPU takes a third of the time.
        return torch.fft.rfft(values.movedim(0, -1).contiguous(), n=2 * self._steps)

    def _signal(self, spectrum: torch.Tensor) -> torch.Tensor:
        return torch.fft.irfft(spectrum, n=2 * self._steps)[..., : self._steps].movedim(-1, 0)
