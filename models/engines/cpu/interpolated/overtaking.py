"""The adjoint of spikes that reach a neuron before the neuron's own spike in the same step."""

from __future__ import annotations

from models.engines.cpu.interpolated.response import voltage_left
from models.engines.cpu.vectors import FAST, HALF, NIL, ONE, THIRD
from models.kernels import kernel


@kernel()
def sort_latest_first(spikes, count, fractions):  # type: ignore[no-untyped-def]
    """Sort the first ``count`` of ``spikes`` by their fractions, the greatest first; a step has few."""
    for k in range(1, count):
        spike = spikes[k]
        place = k
        while place > 0 and fractions[spikes[place - 1]] < fractions[spike]:
            spikes[place] = spikes[place - 1]
            place -= 1
        spikes[place] = spike


@kernel(fastmath=FAST)
def overtaken(row, age, latest, count, neurons, fractions, polynomials):  # type: ignore[no-untyped-def]
    """Return what is missing from a spike's dL/dt where targets spike later in the same step.

    The spike reaches them before their own spike, so that it moves that spike, too: their adjoint voltage is then the
    one before the jump, and what is left of the spike's current charges them anew.

    Parameters
    ----------
    row : ndarray of float32, shape (size,)
        Weights.
    age : float32
        Of the spike at the step's end.
    latest : ndarray of int64
        Spikes of the step, the latest first; the first ``count`` are looked at.
    neurons, fractions : ndarray
        Of all spikes.
    polynomials : ndarray of float32, shape (size, 8)
        Of each of ``latest``, what `overtake` wrote.
    """
    total = NIL
    for k in range(count):
        lead = age - (ONE - fractions[latest[k]])
        if lead <= 0:
            break
        c = polynomials[k]
        by_age = c[0] + age * (c[1] + age * (c[2] + age * c[3]))
        by_lead = c[4] + lead * (c[5] + lead * (c[6] + lead * c[7]))
        total += row[neurons[latest[k]]] * (by_age + by_lead)
    return total


@kernel(fastmath=FAST)
def overtake(p, jump, a, x, y, coefficients):  # type: ignore[no-untyped-def]
    """Write the polynomials of `overtaken` for a spike that others overtake.

    With charging = dkappa/da = x (1 - (x + y) a + (x^2 + x y + y^2) a^2 / 2 - ...), they are p charging(age of the
    other) and p y epsilon(lead) kappa(a) - jump charging(lead).

    Parameters
    ----------
    p, jump : float32
        p_V of the neuron at the step's end, and before the jump.
    a : float32
        Age of its spike at the step's end.
    x, y : float32
        dt / tau_mem and dt / tau_syn.
    coefficients : ndarray of float32, shape (8,)
        Written: four of powers of the age, four of powers of the lead.
    """
    second = HALF * (x * x + x * y + y * y)
    third = HALF * THIRD * (x + y) * (x * x + y * y)
    anew = p * y * voltage_left(x, y, a)
    coefficients[0] = p * x
    coefficients[1] = -p * x * (x + y)
    coefficients[2] = p * x * second
    coefficients[3] = -p * x * third
    coefficients[4] = anew - jump * x
    coefficients[5] = jump * x * (x + y) - anew * y
    coefficients[6] = HALF * anew * y * y - jump * x * second
    coefficients[7] = jump * x * third - HALF * THIRD * anew * y * y * y
