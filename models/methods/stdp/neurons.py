"""The neurons of winner-take-all networks, as the kernels take them.

Conductance-based, with an adaptive threshold (Diehl and Cook 2015; constants of Rybka et al. 2024):

    C dV/dt = g_L (E_L - V) + g_E (E_E - V) + g_I (E_I - V),  dg/dt = -g / tau of each conductance
    V >= theta + REST: a spike, V = V_reset for t_ref, theta += theta_plus;  dtheta/dt = -theta / tau_theta

Current-based, as in the class-wise network of the same authors: C dV/dt = g_L (E_L - V) + I, dI/dt = -I / tau, without
inhibition and with a threshold that stays.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.methods.stdp.options import WinnerOptions

REST = -72.0
"""mV: what thresholds decay to."""

TAU_THETA = 1e7
"""ms: time constant of that decay."""


class Neurons(NamedTuple):
    """Constants of a population at one time step; voltages in mV, conductances in nS.

    Attributes
    ----------
    leak : float
        Leak conductance.
    rest, reset, inhibitory : float
        Voltages: of the leak, after a spike, and the reversal potential of inhibition.
    opens : float
        What an excitatory conductance adds to the total conductance, as a factor: 1, or 0 for currents.
    drive : float
        What it adds to the current at 0 mV, in mV: the excitatory reversal potential, or 1 for currents in pA.
    step : float
        Time step over capacitance, in 1 / nS.
    fade_excitatory, fade_inhibitory : float
        Decay of a conductance over a step.
    mean_excitatory, mean_inhibitory : float
        Its mean over a step, in what it was at the beginning.
    refractory, delay : int
        Steps after a spike at V_reset, and steps until its inhibition arrives, at least 1.
    conductance, inhibition : float
    theta_plus : float
        In mV.
    """

    leak: float
    rest: float
    reset: float
    inhibitory: float
    opens: float
    drive: float
    step: float
    fade_excitatory: float
    fade_inhibitory: float
    mean_excitatory: float
    mean_inhibitory: float
    refractory: int
    delay: int
    conductance: float
    inhibition: float
    theta_plus: float


def conductance_based(options: WinnerOptions) -> Neurons:
    """Return Diehl and Cook's neurons: C 100 pF, tau_m 130 ms, tau_E 1 ms, tau_I 2 ms, t_ref 5 ms."""
    made = _neurons(options, capacitance=100.0, tau_mem=130.0, rest=-65.0, tau_syn=(1.0, 2.0), refractory=5.0)
    return made._replace(inhibition=options.inhibition, theta_plus=options.theta_plus)


def current_based(options: WinnerOptions) -> Neurons:
    """Return the class-wise network's neurons: C 1.537 pF, tau_m 60 ms, tau_syn 5 ms, t_ref 4 ms."""
    made = _neurons(options, capacitance=1.5374180586, tau_mem=60.0, rest=-70.0, tau_syn=(5.0, 5.0), refractory=4.0)
    return made._replace(opens=0.0, drive=1.0)


def first_threshold(current: bool) -> float:
    """Return theta before training: -50 mV above `REST`, or -54 mV for current-based neurons."""
    return (-54.0 if current else -50.0) - REST


def _neurons(
    options: WinnerOptions,
    capacitance: float,
    tau_mem: float,
    rest: float,
    tau_syn: tuple[float, float],
    refractory: float,
) -> Neurons:
    """Return conductance-based neurons without inhibition whose threshold stays."""
    dt = options.resolution
    fade = [float(np.exp(-dt / tau)) for tau in tau_syn]
    mean = [float(-np.expm1(-dt / tau) * tau / dt) for tau in tau_syn]
    return Neurons(
        leak=capacitance / tau_mem,
        rest=rest,
        reset=rest,
        inhibitory=-100.0,
        opens=1.0,
        drive=0.0,
        step=dt / capacitance,
        fade_excitatory=fade[0],
        fade_inhibitory=fade[1],
        mean_excitatory=mean[0],
        mean_inhibitory=mean[1],
        refractory=round(refractory / dt),
        delay=max(1, round(options.delay / dt)),
        conductance=options.conductance,
        inhibition=0.0,
        theta_plus=0.0,
    )
