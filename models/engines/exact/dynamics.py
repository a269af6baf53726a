"""One neuron between two events, in closed form: its voltage, the voltage's derivatives, and its threshold crossing.

From ``tau_mem V' = -V + I + bias`` and ``tau_syn I' = -I`` follows, a time s after V_0 and I_0,

    V(s) = bias + (V_0 - bias) exp(-s / tau_mem) + I_0 kappa(s),   I(s) = I_0 exp(-s / tau_syn),

where kappa, the response to a unit of current, is (alpha = 1 / tau_mem and beta = 1 / tau_syn; a and b are the smaller
and the greater of the two, and x = (b - a) s)

    kappa(s) = alpha (exp(-a s) - exp(-b s)) / (b - a) = alpha s exp(-a s) phi(x),   phi(x) = (1 - exp(-x)) / x.

The right-hand form also holds for equal time constants, and nothing in it overflows. All times are in ms.
"""

from __future__ import annotations

import math

from models.engines.exact.compiled import compiled


@compiled
def phi(x: float) -> float:
    """Return (1 - exp(-x)) / x for x >= 0."""
    return -math.expm1(-x) / x if x > 0 else 1.0


@compiled
def psi(x: float) -> float:
    """Return (1 - phi(x)) / x = (x - 1 + exp(-x)) / x^2 for x >= 0."""
    if x > 0.5:
        return (x + math.expm1(-x)) / (x * x)
    # The series of (-x)^k / (k + 2)!, from its last significant term; for greater x, little cancels.
    total = 1.0
    for k in range(16, 2, -1):
        total = 1.0 - x / k * total
    return 0.5 * total


@compiled
def voltage_after(s: float, voltage: float, current: float, bias: float, tau_mem: float, tau_syn: float) -> float:
    """Return V(s)."""
    slow = max(tau_mem, tau_syn)
    kappa = s / tau_mem * math.exp(-s / slow) * phi(s * abs(1 / tau_mem - 1 / tau_syn))
    return voltage * math.exp(-s / tau_mem) + current * kappa - bias * math.expm1(-s / tau_mem)


@compiled
def derivatives(
    s: float, voltage: float, current: float, bias: float, tau_mem: float, tau_syn: float
) -> tuple[float, float, float, float, float]:
    """Return dV(s)/dV_0, dV(s)/dI_0, dV(s)/dbias, dV(s)/dtau_mem and dV(s)/dtau_syn.

    With E = kappa / alpha: dE/da = -s^2 exp(-a s) psi(x) and dE/db = -s^2 exp(-a s) (phi(x) - psi(x)).
    """
    alpha, beta = 1 / tau_mem, 1 / tau_syn
    x = s * abs(alpha - beta)
    envelope = s * math.exp(-min(alpha, beta) * s)
    e = envelope * phi(x)
    by_smaller = -s * envelope * psi(x)
    by_greater = -s * envelope * (phi(x) - psi(x))
    by_alpha, by_beta = (by_smaller, by_greater) if alpha <= beta else (by_greater, by_smaller)
    decay = math.exp(-alpha * s)
    return (
        decay,
        alpha * e,
        -math.expm1(-alpha * s),
        alpha**2 * ((voltage - bias) * decay * s - current * (e + alpha * by_alpha)),
        -(beta**2) * alpha * current * by_beta,
    )


@compiled
def extremum(voltage: float, current: float, bias: float, tau_mem: float, tau_syn: float) -> float:
    """Return the time until dV/dt is 0, infinite if it never is; there is at most one such time.

    V' = 0 where exp(-(beta - alpha) s) = 1 + z with z = -(1 - tau_syn / tau_mem) r and r = tau_mem V'(0) / I_0, so that
    s = tau_syn r log(1 + z) / z, which has a limit for equal time constants.
    """
    if current == 0:
        return math.inf
    r = (current + bias - voltage) / current
    z = -(1 - tau_syn / tau_mem) * r
    if z <= -1:
        return math.inf
    s = tau_syn * r * (math.log1p(z) / z if z != 0 else 1.0)
    return s if s > 0 else math.inf


@compiled
def crossing(
    voltage: float, current: float, bias: float, tau_mem: float, tau_syn: float, threshold: float, horizon: float
) -> float:
    """Return the time until V first reaches ``threshold``, infinite if not before ``horizon``.

    V is monotonic on either side of its extremum. It can cross only where it rises, before a maximum or after a
    minimum; Newton's method, kept inside a bracket by bisection, finds the crossing.
    """
    if voltage >= threshold:
        return 0.0  # An arrival coincides with the crossing up to rounding.
    turn = extremum(voltage, current, bias, tau_mem, tau_syn)
    rises = current + bias > voltage
    low = 0.0 if rises else turn
    high = min(turn, horizon) if rises else horizon
    if low >= high or voltage_after(high, voltage, current, bias, tau_mem, tau_syn) < threshold:
        return math.inf
    s = low
    for _ in range(200):
        v = voltage_after(s, voltage, current, bias, tau_mem, tau_syn)
        if v < threshold:
            low = s
        else:
            high = s
        slope = (current * math.exp(-s / tau_syn) + bias - v) / tau_mem
        new = s + (threshold - v) / slope if slope > 0 else low
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - s) <= 1e-12 * tau_mem:
            return new  # Convergence is quadratic: only rounding errors remain.
        s = new
    return s
