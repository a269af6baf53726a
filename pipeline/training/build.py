"""A config's objects: network, initial parameters, loss."""

from __future__ import annotations

from typing import Any

from models import initialisers, windows
from models.errors import InputError
from models.initialisers import Initial, Initialiser
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare
from models.network import DelayLine, Hidden, Input, Leaky, Network, Spiking, Synapses
from models.windows import Window
from pipeline.config import (
    Config,
    CrossEntropyConfig,
    FirstSpikeConfig,
    InitialConfig,
    InitialiserConfig,
    MaxOverTimeConfig,
    SynapsesConfig,
    WindowConfig,
)

OUTPUT_THRESHOLD = 1.0
"""Of outputs that spike; the scale of the weights to them does what another one would."""

_SHAPES: dict[str, type[Window]] = {
    "uniform": windows.Uniform,
    "exponential": windows.Exponential,
    "gaussian": windows.Gaussian,
    "bump": windows.Bump,
    "tabulated": windows.Tabulated,
}

_KINDS: dict[str, type[Initialiser]] = {
    "normal": initialisers.Normal,
    "uniform": initialisers.Uniform,
    "constant": initialisers.Constant,
    "kaiming": initialisers.Kaiming,
    "lognormal": initialisers.LogNormal,
}


def make_window(config: WindowConfig) -> Window:
    """Return the window that a resolved config describes.

    Raises
    ------
    InputError
        If a field is set that the shape does not have, or one is missing that it needs.
    """
    shape = _SHAPES[config.shape]
    given: dict[str, Any] = config.model_dump(exclude={"shape", "normalise", "file"}, exclude_none=True)
    for field in given:
        if field not in shape.__dataclass_fields__:
            raise InputError(f"loss.window.{field} is set, but a window of shape {config.shape} has no {field}")
    if config.file is not None and config.shape != "tabulated":
        raise InputError(f"loss.window.file is set, but a window of shape {config.shape} has no file")
    if config.shape == "tabulated" and config.values is None:
        raise InputError("a window of shape tabulated needs loss.window.file")
    return shape(normalise=config.normalise, **given)


def make_loss(config: Config) -> Loss:
    """Return the loss that a resolved config describes.

    Raises
    ------
    InputError
        If its window is none; see `make_window`.
    """
    loss = config.loss
    if isinstance(loss, CrossEntropyConfig):
        window = make_window(loss.window)
        return CrossEntropy(window, loss.scale, temperature=loss.temperature, smoothing=loss.smoothing)
    if isinstance(loss, MaxOverTimeConfig):
        return MaxOverTime(loss.scale, temperature=loss.temperature, smoothing=loss.smoothing)
    if isinstance(loss, FirstSpikeConfig):
        early, tau = loss.early, loss.tau
        return FirstSpike(config.data.trial, early, tau, temperature=loss.temperature, smoothing=loss.smoothing)
    return MeanSquare(make_window(loss.window), loss.target)


def make_network(config: Config, channels: int, classes: int) -> Network:
    """Return the network that a config describes, for so many channels and classes.

    Raises
    ------
    InputError
        If a population or a connection can't be as it says.
    """
    net = config.network
    hidden = tuple(
        Hidden(
            size,
            net.tau_mem,
            net.tau_syn,
            net.time_constants,
            net.bias,
            threshold=net.threshold,
            synapses=_synapses(config, "input" if below == 0 else "feedforward"),
            recurrent=_synapses(config, "recurrent") if recurrent else None,
        )
        for below, (size, recurrent) in enumerate(zip(net.hidden, net.recurrent, strict=True))
    )
    readout = (classes, net.output_tau_mem, net.output_tau_syn, net.output_time_constants, net.output_bias)
    synapses = _synapses(config, "output")
    return Network(
        Input(channels, DelayLine(net.delay_line.copies, net.delay_line.spacing)),
        hidden,
        Spiking(*readout, synapses=synapses, threshold=OUTPUT_THRESHOLD)
        if isinstance(config.loss, FirstSpikeConfig)
        else Leaky(*readout, synapses=synapses),
    )


def _synapses(config: Config, kind: str) -> Synapses:
    found: SynapsesConfig = getattr(config.network.synapses, kind)
    try:
        return Synapses(found.density, found.delays, found.longest)
    except InputError as error:
        raise InputError(f"network.synapses.{kind}: {error}") from None


def make_initial(config: InitialConfig) -> Initial:
    """Return what a network's parameters are drawn from.

    Raises
    ------
    InputError
        If a distribution is none.
    """

    def made(name: str) -> Initialiser:
        found: InitialiserConfig = getattr(config, name)
        try:
            return _KINDS[found.kind](**found.model_dump(exclude={"kind"}))
        except InputError as error:
            raise InputError(f"network.initial.{name}: {error}") from None

    kinds = {name: made(name) for name in ("input", "recurrent", "feedforward", "output", "bias")}
    return Initial(**kinds, delay=None if config.delay is None else made("delay"), spread=config.spread)
