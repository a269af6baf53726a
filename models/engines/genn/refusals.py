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


def refusal(network: Network, loss: Loss) -> str | None:
    """Return why this engine can't do something, or None."""
    if loss.observes != "mean voltage":
        what = f"the loss {type(loss).__name__} observes {loss.observes}s"
        return f"learns from windowed means of voltages only, and {what}"
    if isinstance(network.output, Spiking):
        return "has no spiking outputs"
    return None
