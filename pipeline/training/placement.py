"""Where a config is trained and run: the engine and the device, chosen from the registry."""

from __future__ import annotations

from models.engines import registry
from models.engines.base import Engine
from models.engines.entry import Resources
from models.network import Weights
from pipeline.config import Config
from pipeline.events import CHANNELS
from pipeline.training.problem import WEIGHT_STREAM, make_problem

CLASSES = 2
"""Of the problem by which an engine is chosen before the data are known: no engine minds how many there are."""


def choose_engine(config: Config) -> Config:
    """Return the config with the engine and the device that "auto" means on this machine.

    Raises
    ------
    InputError
        If the engine that it names is not here, does not have the training method, or can't do what it asks for.
    """
    chosen = registry.choose(make_problem(config, CHANNELS, CLASSES), config.engine, config.device)
    return config.changed(engine=chosen.entry.engine, device=chosen.device)


def why_this_engine(config: Config) -> str:
    """Return why `choose_engine` takes no other engine, or an empty string where the config names one."""
    return registry.choose(make_problem(config, CHANNELS, CLASSES), config.engine, config.device).why


def make_engine(
    config: Config, channels: int, classes: int, threads: int = 0, weights: Weights | None = None
) -> Engine:
    """Return the engine of a config whose engine is chosen, with its network and weights.

    0 ``threads`` are all of the CPU's. The weights are those that the config's seed draws, unless given.

    Raises
    ------
    InputError
        If the trial does not fit its steps, or the engine is not here or can't do what the config asks for.
    """
    problem = make_problem(config, channels, classes)
    chosen = registry.choose(problem, config.engine, config.device)
    started = weights or chosen.entry.draw(problem, config.network.initial, (config.seed, WEIGHT_STREAM))
    return chosen.entry.make(problem, started, Resources(threads, chosen.device, config.training.batch))
