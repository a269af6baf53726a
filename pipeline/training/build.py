"""A config's objects: network, window, engine."""

from __future__ import annotations

from typing import Any

from models.batch import GUARD_STEPS
from models.engines.cpu.engine import CpuEngine
from models.engines.interface import Engine, Regulariser
from models.errors import InputError
from models.losses import CrossEntropy
from models.network import DelayLine, InitialWeights, Input, Leaky, Network, Spiking
from models.windows import Bump, Exponential, Gaussian, Tabulated, Uniform, Window
from pipeline.config import Config, WindowConfig

WEIGHT_STREAM = 0
SHUFFLE_STREAM = 1
"""Streams of a run's seed; the augmentation has its own."""

MOST_STEPS = 1_000_000
"""Of a trial: a slip of the pen is refused before it takes all memory."""

_SHAPES: dict[str, type[Window]] = {
    "uniform": Uniform,
    "exponential": Exponential,
    "gaussian": Gaussian,
    "bump": Bump,
    "tabulated": Tabulated,
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


def make_network(config: Config, channels: int, classes: int) -> Network:
    """Return the network that a config describes, for so many channels and classes."""
    net = config.network
    return Network(
        Input(channels, DelayLine(net.delay_line.copies, net.delay_line.spacing)),
        Spiking(net.hidden, net.tau_mem, net.tau_syn, net.threshold),
        Leaky(classes, net.output_tau_mem, net.output_tau_syn),
        net.recurrent,
    )


def make_engine(config: Config, channels: int, classes: int, threads: int = 0) -> Engine:
    """Return the config's engine with its network and initial weights.

    Parameters
    ----------
    config : Config
    channels, classes : int
        Of the data.
    threads : int
        Threads of the engine; 0 takes all.

    Returns
    -------
    Engine
    """
    if abs(config.steps * config.data.dt - config.data.trial) > 1e-9 * config.data.trial:
        raise InputError(
            f"data.trial is {config.data.trial} ms; it must be a whole number of steps of {config.data.dt} ms"
        )
    if not GUARD_STEPS < config.steps <= MOST_STEPS:
        raise InputError(
            f"data.trial of {config.data.trial} ms has {config.steps} steps of {config.data.dt} ms; it must have more "
            f"than {GUARD_STEPS} and at most {MOST_STEPS}"
        )
    network = make_network(config, channels, classes)
    weights = InitialWeights(**config.network.initial.model_dump()).draw(network, (config.seed, WEIGHT_STREAM))
    return CpuEngine(
        network,
        weights,
        CrossEntropy(make_window(config.loss.window), config.loss.scale),
        config.data.dt,
        config.steps,
        Regulariser(**config.training.regulariser.model_dump()),
        threads,
    )
