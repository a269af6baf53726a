"""A config's engine, with its network and initial weights."""

from __future__ import annotations

from models.adam import Optimiser
from models.batch import GUARD_STEPS
from models.engines.base import Engine, Regulariser
from models.engines.cpu.engine import CpuEngine
from models.engines.genn import available
from models.errors import InputError
from pipeline.config import Config
from pipeline.training.build import make_initial, make_loss, make_network
from pipeline.training.processes import place
from pipeline.training.streams import WEIGHT_STREAM

MOST_STEPS = 1_000_000
"""Of a trial: a slip of the pen is refused before it takes all memory."""


def make_engine(config: Config, channels: int, classes: int, threads: int = 0) -> Engine:
    """Return the engine of a resolved config with its network and initial weights.

    Parameters
    ----------
    config : Config
    channels, classes : int
        Of the data.
    threads : int
        Threads of the CPU engine; 0 takes all.

    Returns
    -------
    Engine

    Raises
    ------
    InputError
        If the trial does not fit its steps, or the engine is not here or can't do what the config asks for.
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
    weights = make_initial(config.network.initial).draw(network, (config.seed, WEIGHT_STREAM))
    training = config.training
    loss = make_loss(config)
    regulariser = Regulariser(**training.regulariser.model_dump())
    optimiser = Optimiser(training.clip, training.weight_decay, training.delay_rate, training.tau_rate)
    dt, steps, least_slope = config.data.dt, config.steps, training.least_slope
    if training.method == "e-prop" and config.engine != "genn":
        raise InputError(f'training.method "e-prop" runs on engine "genn"; engine is "{config.engine}"')
    if config.engine == "genn":
        backend = available.choose(config.genn.backend)
        # Here, since GeNN need not be installed.
        from models.engines.genn.engine import GennEngine
        from models.methods.eprop.engine import EpropEngine

        if config.network.spike_times != "plain":
            raise InputError(
                'network.spike_times is "interpolated"; engine "genn" has spikes on the time grid only, engine = "cpu" '
                "has both"
            )
        ranks = place()
        lanes = 1 if backend == "single_threaded_cpu" else -(-training.batch // ranks.count)
        if training.method == "e-prop":
            return EpropEngine(network, weights, loss, dt, steps, regulariser, optimiser, backend, lanes)
        return GennEngine(
            network,
            weights,
            loss,
            dt,
            steps,
            regulariser,
            optimiser,
            least_slope,
            backend,
            lanes,
            ranks=ranks,
        )
    return CpuEngine(
        network,
        weights,
        loss,
        dt,
        steps,
        regulariser,
        optimiser,
        threads,
        config.network.spike_times,
        least_slope,
    )
