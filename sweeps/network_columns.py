"""The columns in which tables of runs say what was trained: data set, readout window, hidden neurons, network."""

from __future__ import annotations

from pipeline.config import Config

NETWORK_COLUMNS = ("data", "window", "hidden", "kind")


def network_columns(config: Config) -> dict[str, str]:
    """Return the `NETWORK_COLUMNS` of a config.

    Data set, readout window (the loss, where it has no window), neurons of each hidden layer, and recurrent or
    feed-forward.
    """
    return {
        "data": config.data.dataset,
        "window": window_text(config),
        "hidden": " + ".join(map(str, config.network.hidden)),
        "kind": "recurrent" if any(config.network.recurrent) else "feed-forward",
    }


def window_text(config: Config) -> str:
    """Return a config's readout window with its parameters, or its kind of loss where that has no window."""
    window = config.window
    if window is None:
        return config.loss.kind
    numbers = [f"{name} {getattr(window, name):g}" for name in ("mu", "sigma") if hasattr(window, name)]
    return " ".join([window.shape, *numbers])
