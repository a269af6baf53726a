"""What mlGeNN can't do."""

from __future__ import annotations

from models.errors import InputError
from models.losses import Loss
from models.network import Network, Spiking


def refuse(network: Network, loss: Loss) -> None:
    """Refuse what this engine can't do.

    Raises
    ------
    InputError
        Saying what, and what can be done about it.
    """
    reason = refusal(network, loss)
    if reason is not None:
        raise InputError(f'engine "genn" {reason}; engine = "cpu" does')


def refusal(network: Network, loss: Loss, spike_times: str = "plain") -> str | None:
    """Return why this engine can't do something, or None."""
    if loss.observes != "mean voltage":
        return f"learns from the windowed mean of voltages only, and the loss {type(loss).__name__} observes {loss.observes}s"
    if isinstance(network.output, Spiking):
        return "has no spiking outputs"
    if spike_times != "plain":
        return f'has spikes on the time grid only, not spike_times = "{spike_times}"'
    return None
