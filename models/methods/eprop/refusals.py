"""What e-prop, as mlGeNN has it, can't do."""

from __future__ import annotations

from models.errors import InputError
from models.losses import CrossEntropy, Loss
from models.network import Network, Spiking


def refuse(network: Network, loss: Loss) -> CrossEntropy:
    """Return the loss if e-prop can train the network with it.

    Raises
    ------
    InputError
        Saying what it can't do.
    """
    reason = refusal(network)
    if not isinstance(loss, CrossEntropy):
        reason = f"learns from a cross-entropy at every step, not from the loss {type(loss).__name__}"
    if reason is not None or not isinstance(loss, CrossEntropy):
        raise InputError(f'training.method "e-prop" {reason}; "eventprop" does')
    return loss


def refusal(network: Network) -> str | None:
    """Return what of a network e-prop can't train, or None."""
    populations = network.populations.values()
    if len(network.hidden) > 1:
        return f"has one hidden layer, which sees the output's error; this network has {len(network.hidden)}"
    if any(p.time_constants != "shared" for p in populations) or len({p.tau_mem for p in populations}) > 1:
        return "has one tau_mem for all neurons, hidden and output"
    if any(p.bias for p in populations):
        return "has no biases"
    if any(c.synapses.delays != "none" for c in network.connections):
        return "has no delays of single synapses"
    if isinstance(network.output, Spiking):
        return "has no spiking outputs"
    return None
