"""What e-prop can't do on any engine."""

from __future__ import annotations

from models.losses import CrossEntropy
from models.network import Spiking
from models.problem import Problem


def refusal(problem: Problem) -> str | None:
    """Return what of a problem e-prop can't do, as the end of a sentence that begins with its name, or None."""
    network, loss = problem.network, problem.loss
    if len(network.hidden) > 1:
        return f"trains one hidden layer, which sees the output's error; this network has {len(network.hidden)}"
    if any(p.bias for p in network.populations.values()):
        return "has no biases"
    if any(c.synapses.delays != "none" for c in network.connections):
        return "has no delays of single synapses"
    if isinstance(network.output, Spiking):
        return "has no spiking outputs"
    if not isinstance(loss, CrossEntropy):
        return f"learns from a cross-entropy at every step, not from the loss {type(loss).__name__}"
    if problem.interpolated:
        return 'has spikes on the time grid only, and network.spike_times is "interpolated"'
    return None
