"""What a config asks engines for: the problem."""

from __future__ import annotations

from models.batch import GUARD_STEPS
from models.errors import InputError
from models.network import Hidden, Input, Leaky, Network, Spiking
from models.optimiser import Optimiser
from models.problem import Problem
from pipeline.config import Config

WEIGHT_STREAM = 0
"""Stream of the run's seed that the initial weights are drawn from."""

OUTPUT_THRESHOLD = 1.0
"""Of outputs that spike; the scale of the weights to them does what another one would."""

MOST_STEPS = 1_000_000
"""Of a trial: a slip of the pen is refused before it takes all memory."""


def make_problem(config: Config, channels: int, classes: int) -> Problem:
    """Return the problem that a config describes, for so many channels and classes.

    Raises
    ------
    InputError
        If the trial does not fit its steps, or a population or a connection can't be as it says.
    """
    _check_trial(config)
    training = config.training
    return Problem(
        network=make_network(config, channels, classes),
        loss=config.loss,
        dt=config.data.dt,
        steps=config.steps,
        optimiser=Optimiser(training.clip, training.weight_decay, training.delay_rate, training.tau_rate),
        regulariser=training.regulariser,
        spike_times=config.network.spike_times,
        least_slope=training.least_slope,
        method=training.method,
        options=training.options,
    )


def make_network(config: Config, channels: int, classes: int) -> Network:
    """Return the network that a config describes, for so many channels and classes; errors as of `make_problem`."""
    net = config.network
    layer = (net.tau_mem, net.tau_syn, net.time_constants, net.bias)
    hidden = tuple(
        Hidden(
            size,
            *layer,
            threshold=net.threshold,
            synapses=net.synapses.feedforward if below else net.synapses.input,
            recurrent=net.synapses.recurrent if recurrent else None,
        )
        for below, (size, recurrent) in enumerate(zip(net.hidden, net.recurrent, strict=True))
    )
    readout = (classes, net.output_tau_mem, net.output_tau_syn, net.output_time_constants, net.output_bias)
    output = (
        Spiking(*readout, synapses=net.synapses.output, threshold=OUTPUT_THRESHOLD)
        if config.loss.spiking_outputs
        else Leaky(*readout, synapses=net.synapses.output)
    )
    return Network(Input(channels, net.delay_line), hidden, output)


def _check_trial(config: Config) -> None:
    trial, dt, steps = config.data.trial, config.data.dt, config.steps
    if abs(steps * dt - trial) > 1e-9 * trial:
        raise InputError(f"data.trial is {trial} ms; it must be a whole number of steps of {dt} ms")
    if not GUARD_STEPS < steps <= MOST_STEPS:
        raise InputError(
            f"data.trial of {trial} ms has {steps} steps of {dt} ms; it must have more "
            f"than {GUARD_STEPS} and at most {MOST_STEPS}"
        )
