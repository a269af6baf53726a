"""What winner-take-all networks can't do."""

from __future__ import annotations

from models.losses import CrossEntropy
from models.methods.stdp.options import WinnerOptions
from models.problem import Problem


def refusal(problem: Problem, method: str) -> str | None:
    """Return what of a problem they can't do, as the end of a sentence that begins with the method, or None."""
    options, network = problem.options, problem.network
    if problem.method != method or not isinstance(options, WinnerOptions):
        return "trains networks of its own, which its training.options describe"
    if not isinstance(problem.loss, CrossEntropy):
        return f'reports the loss "{CrossEntropy.kind}", not "{problem.loss.kind}"'
    if len(network.hidden) > 1:
        return f"has one layer of neurons that inhibit each other; network.hidden has {len(network.hidden)}"
    if any(c.synapses.density < 1 or c.synapses.delays != "none" for c in network.connections):
        return "has neither absent synapses nor delays of synapses"
    if problem.interpolated:
        return 'has spikes on the time grid only, and network.spike_times is "interpolated"'
    ratio = problem.dt / options.resolution
    if options.input == "spikes" and (round(ratio) < 1 or abs(ratio - round(ratio)) > 1e-9):
        return (
            f"divides a step of data.dt = {problem.dt} ms into whole steps of training.options.resolution, which is "
            f"{options.resolution} ms"
        )
    return None
