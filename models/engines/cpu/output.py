"""The output population that a loss needs."""

from __future__ import annotations

from models.engines.cpu.layer import Layer
from models.engines.cpu.output_base import Output
from models.engines.cpu.parameters import Grid
from models.engines.cpu.stepped_output import SteppedOutput
from models.engines.cpu.windowed_output import WindowedOutput
from models.errors import InputError
from models.losses import Loss
from models.network import Network, Spiking, Weights


def make_output(network: Network, weights: Weights, loss: Loss, grid: Grid) -> Output:
    """Return the output that a loss needs.

    Raises
    ------
    InputError
        If the output population can't give what the loss observes.
    """
    spiking = isinstance(network.output, Spiking)
    if spiking != (loss.observes == "first spike"):
        raise InputError(
            f"the loss {type(loss).__name__} observes {loss.observes}s, but the output neurons "
            f"{'spike' if spiking else 'never spike'}"
        )
    layer = Layer(network, "output", grid, weights)
    if loss.observes == "mean voltage":
        return WindowedOutput(layer, loss.readout.table(grid.steps))
    return SteppedOutput(layer, loss)
