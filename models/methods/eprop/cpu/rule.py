"""A problem's numbers, as the kernels take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.engines.coefficients import Coefficients
from models.methods.eprop.cpu.arguments import BLOCK, CURRENT_OUT, VOLTAGE_OUT, Floats, Method, Responses, Rule
from models.methods.eprop.options import EpropOptions
from models.problem import Problem


def make_rule(problem: Problem) -> Rule:
    """Return the numbers of one step."""
    hidden, output = problem.network.hidden[0], problem.network.output
    options = EpropOptions.of(problem.options)
    h, o = (
        Coefficients.of(np.array(p.tau_mem), np.array(p.tau_syn), problem.dt, interpolated=False)
        for p in (hidden, output)
    )
    return Rule(
        np.float32(h.alpha),
        np.float32(h.beta),
        np.float32(h.gain),
        np.float32(o.alpha),
        np.float32(o.beta),
        np.float32(o.gain),
        np.float32(hidden.threshold),
        np.float32(options.gamma / hidden.threshold),
        np.float32(options.beta),
        np.float32(np.exp(-problem.dt / options.tau_adaptation)),
        options.neurons == "adaptive",
        problem.regulariser.strength > 0,
    )


def responses(rule: Rule, dtype: type[np.floating] = np.float32) -> Responses:
    """Return what is left of each state after 0 to BLOCK steps."""
    left = np.arange(BLOCK + 1)
    alpha, beta = float(rule.alpha_out), float(rule.beta_out)
    arrival = np.zeros(BLOCK + 1)
    for step in range(BLOCK):
        arrival[step + 1] = alpha * arrival[step] + float(rule.gain_out) * beta**step
    made: tuple[NDArray[np.floating], ...] = (float(rule.beta) ** left, beta**left, alpha**left, arrival)
    return Responses(*(np.ascontiguousarray(array, dtype=dtype) for array in made))


def trace_count(rule: Rule) -> int:
    """Return the number of traces a synapse."""
    return 4 + rule.adaptive + rule.regularised


def trace_sources(rule: Rule, left: Responses, size: int) -> Floats:
    """Return what an eligibility trace adds to each trace of its synapse by the end of a block.

    Returns
    -------
    ndarray, shape (traces, BLOCK, size)
        By the step in the block. That of the gradient depends on the errors and is not filled in.
    """
    made = np.zeros((trace_count(rule), BLOCK, size), left.current.dtype)
    made[CURRENT_OUT] = left.current[BLOCK - 1 :: -1, None]
    made[VOLTAGE_OUT] = left.arrival[BLOCK - 1 :: -1, None]
    if rule.regularised:
        made[-1] = 1
    return made


def make_method(problem: Problem) -> Method:
    """Return what the kernels need that does not change in a training."""
    rule = make_rule(problem)
    left = responses(rule)
    return Method(rule, left, trace_sources(rule, left, problem.network.hidden_size))
