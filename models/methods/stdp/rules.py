"""Pair rules: what a pair of an input spike and a neuron's spike does to the weight, which stays in [0, 1].

D = time of the neuron's spike - time of the input spike, in ms. ``classical`` is NEST's stdp_nn_symm with mu = 0; the
others are fits to memristors, of a nanocomposite (CoFeB in LiNbO3; Demin et al. 2021, Neural Networks 134, 64) and of
poly-p-xylylene, with the constants of the authors' code (Rybka et al. 2024, Big Data and Cognitive Computing 8, 22):

    classical        D > 0: lambda e^(-D / tau)              D <= 0: -lambda alpha e^(D / tau)
    nanocomposite    D > 0: a w (tanh(-(D - mu) / tau) + 1)  D <= 0: a' w (1 - tanh((D - mu') / tau')), a' < 0
    poly-p-xylylene  D > 0: alpha e^(-beta (1 - w)) (D / 10) e^(-gamma (D / 10)^2)
                     D <= 0: -alpha' e^(-beta' w) (|D| / 10) e^(-gamma' (D / 10)^2)

Pairs are symmetric nearest neighbours, as there: a neuron's spike pairs with the last spike of each input, an input
spike with the last spike of each neuron. Spikes at the same time count as the neuron's first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.methods.stdp.options import RuleKind

Array = NDArray[np.float64]

HORIZON = 500.0
"""ms: pairs further apart change nothing, as in the authors' code for poly-p-xylylene; what the others would do is
below 1e-11."""

ADDITIVE, PROPORTIONAL, EXPONENTIAL = range(3)
"""How a change depends on the weight w: not; by w; by e^(slope w)."""


class Windows(NamedTuple):
    """A rule at one time step: a change is ``plus[D]`` or ``minus[-D]``, times what ``form`` makes of the weight.

    Attributes
    ----------
    form : int
        `ADDITIVE`, `PROPORTIONAL` or `EXPONENTIAL`.
    plus, minus : ndarray of float64, shape (steps,)
        By the time between the spikes in steps; pairs further apart than that change nothing.
    slope_plus, slope_minus : float
        Of the exponential form.
    """

    form: int
    plus: Array
    minus: Array
    slope_plus: float = 0.0
    slope_minus: float = 0.0


def windows(rule: RuleKind, resolution: float, amplitude: float = 1.0) -> Windows:
    """Return a rule's windows on a grid of ``resolution`` ms; ``fixed`` has none."""
    if rule == "fixed":
        return Windows(ADDITIVE, np.empty(0), np.empty(0))
    apart = np.arange(int(HORIZON / resolution) + 1) * resolution
    if rule == "classical":
        later = 0.01 * np.exp(-apart / 20.0)
        return Windows(ADDITIVE, amplitude * later, -amplitude * 0.5534918994526379 * later)
    if rule == "nanocomposite":
        plus = 0.07376001452742792 * (np.tanh(-(apart - 26.730656991521247) / 9.300596954566565) + 1)
        minus = -0.04963699617346189 * (1 - np.tanh((-apart + 22.325265872889496) / -10.81180238558187))
        return Windows(PROPORTIONAL, amplitude * plus, amplitude * minus)
    x = apart / 10.0
    plus = 0.3161977426412055 * np.exp(-2.213043124548639) * x * np.exp(-0.031839429846118886 * x**2)
    minus = -0.011297914920262086 * x * np.exp(-0.14568323501051358 * x**2)
    return Windows(EXPONENTIAL, amplitude * plus, amplitude * minus, 2.213043124548639, 5.9693974750170025)
