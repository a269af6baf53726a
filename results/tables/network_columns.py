"""What tables say of a run's network."""

from __future__ import annotations

from pipeline.config import Config

DESCRIBED = ("data", "window", "hidden", "kind")


def described(config: Config) -> dict[str, str]:
    """Return a run's data set, window (or loss), hidden neurons, and whether it is recurrent: `DESCRIBED`."""
    return {
        "data": config.data.dataset,
        "window": window_of(config),
        "hidden": " + ".join(map(str, config.network.hidden)),
        "kind": "recurrent" if any(config.network.recurrent) else "feed-forward",
    }


def window_of(config: Config) -> str:
    """Return a config's window with its numbers, or its loss where that has none."""
    window = config.window
    if window is None:
        return config.loss.kind
    numbers = [f"{name} {getattr(window, name):g}" for name in ("mu", "sigma") if getattr(window, name) is not None]
    return " ".join([window.shape, *numbers])
