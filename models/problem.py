"""What an engine or a training method is given: one specification of what is trained, on which grid, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.losses import Loss
from models.methods.options import MethodOptions
from models.network import Network
from models.optimiser import Optimiser
from models.regulariser import Regulariser

SpikeTimes = Literal["plain", "interpolated"]


@dataclass(frozen=True)
class Problem:
    """A network, what its training minimises, and how.

    Attributes
    ----------
    dt : float
        Time step in ms.
    steps : int
        Time steps of a trial.
    spike_times : {"plain", "interpolated"}
        Whether spikes lie on the time grid, or where the voltage crosses the threshold between two of its points.
    least_slope : float
        In thresholds: what tau_mem dV/dt at a spike counts as in the adjoint's jump where it is smaller. The jump grows
        as the slope falls, and one spike that barely reaches the threshold can outweigh a batch; 0 leaves the gradient
        exact.
    method : str
        How the network is trained, by its name in the registry.
    options : MethodOptions, optional
        The settings that the method has of its own.
    """

    network: Network
    loss: Loss
    dt: float
    steps: int
    optimiser: Optimiser = field(default_factory=Optimiser)
    regulariser: Regulariser = field(default_factory=Regulariser)
    spike_times: SpikeTimes = "plain"
    least_slope: float = 0.0
    method: str = "eventprop"
    options: MethodOptions | None = None

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        known = self.spike_times in ("plain", "interpolated")
        require(known, "problem", "spike_times", f'"{self.spike_times}"', '"plain" or "interpolated"')
        require(self.dt > 0, "problem", "dt", f"{self.dt} ms", "above 0")
        require(self.steps >= 1, "problem", "steps", self.steps, "at least 1")

    @property
    def trial(self) -> float:
        """Length of a trial in ms."""
        return self.dt * self.steps

    @property
    def interpolated(self) -> bool:
        """Whether spike times are interpolated between the grid's points."""
        return self.spike_times == "interpolated"
