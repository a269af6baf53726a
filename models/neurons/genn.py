"""The neurons as GeNN models, with the same steps as in NumPy and in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.engines.genn.building import build, unload
from models.engines.genn.folders import CodeFolder
from models.engines.genn.program import code_key
from models.neurons.hodgkin_huxley import HodgkinHuxley
from models.neurons.izhikevich import PEAK, Izhikevich
from models.neurons.lif import LeakyIntegrateAndFire

Array = NDArray[np.float64]

_INPUT = "const scalar x = Input[(int)round(t / dt)];"

_LIF = f"""
{_INPUT}
V = V + ((x - (V - Reset)) / Tau);
Shown = (V >= Threshold) ? Reset : V;
"""

_IZHIKEVICH = f"""
{_INPUT}
V = V + (dt * ((0.04 * V * V) + (Linear * V) + Constant - U + x));
U = U + (dt * A * ((B * (V + Pull)) - (Decay * U)));
Shown = fmin(V, {PEAK});
"""

_HODGKIN_HUXLEY = f"""
{_INPUT}
const scalar ym = (V + 40.0) / 10.0;
const scalar yn = (V + 55.0) / 10.0;
const scalar am = (fabs(ym) < 1e-6) ? (1.0 + (0.5 * ym)) : (ym / (1.0 - exp(-ym)));
const scalar an = 0.1 * ((fabs(yn) < 1e-6) ? (1.0 + (0.5 * yn)) : (yn / (1.0 - exp(-yn))));
const scalar bm = 4.0 * exp(-(V + 65.0) / 18.0);
const scalar bn = 0.125 * exp(-(V + 65.0) / 80.0);
const scalar ah = 0.07 * exp(-(V + 65.0) / 20.0);
const scalar bh = 1.0 / (1.0 + exp(-(V + 35.0) / 10.0));
const scalar na = GNa * M * M * M * H;
const scalar k = GK * N * N * N * N;
const scalar g = na + k + GL;
const scalar to = ((na * ENa) + (k * EK) + (GL * EL) + x) / g;
Shown = V;
V = to + ((V - to) * exp(-dt * g / C));
M = (am / (am + bm)) + ((M - (am / (am + bm))) * exp(-dt * (am + bm)));
H = (ah / (ah + bh)) + ((H - (ah / (ah + bh))) * exp(-dt * (ah + bh)));
N = (an / (an + bn)) + ((N - (an / (an + bn))) * exp(-dt * (an + bn)));
"""


def simulate_lif(neuron: LeakyIntegrateAndFire, current: Array) -> Array:
    """Return V after each step; see `LeakyIntegrateAndFire.simulate`."""
    model = {"sim_code": _LIF, "threshold_condition_code": "V >= Threshold", "reset_code": "V = Reset;"}
    return _simulate(model, _capitalised(neuron), {"V": neuron.reset}, current, 1.0)


def simulate_izhikevich(neuron: Izhikevich, current: Array, dt: float, v: float, u: float | None = None) -> Array:
    """Return v after each step; see `Izhikevich.simulate`."""
    condition = f"V > {PEAK}"
    model = {"sim_code": _IZHIKEVICH, "threshold_condition_code": condition, "reset_code": "V = C; U = U + D;"}
    return _simulate(model, _capitalised(neuron), {"V": v, "U": neuron.b * v if u is None else u}, current, dt)


def simulate_hodgkin_huxley(neuron: HodgkinHuxley, current: Array, dt: float) -> Array:
    """Return V at each step, from rest, by exponential steps of V and of the gates in turn; see `HodgkinHuxley`."""
    parameters = dict(zip(("C", "GNa", "GK", "GL", "ENa", "EK", "EL"), vars(neuron).values(), strict=True))
    state = dict(zip(("V", "M", "H", "N"), neuron.rest(), strict=True))
    return _simulate({"sim_code": _HODGKIN_HUXLEY}, parameters, state, current, dt)


def _capitalised(neuron: LeakyIntegrateAndFire | Izhikevich) -> dict[str, float]:
    """Return a neuron's parameters under GeNN's names."""
    return {name.capitalize(): value for name, value in vars(neuron).items()}


def _simulate(
    code: dict[str, str], parameters: dict[str, float], state: dict[str, float], current: Array, dt: float
) -> Array:
    """Compile one neuron for the CPU, run it, and return ``Shown`` after each step."""
    from pygenn import GeNNModel, create_neuron_model

    folder = CodeFolder.take(code_key("neuron", code, parameters, state, dt, len(current)))
    model: Any = GeNNModel("double", folder.name, backend="single_threaded_cpu")
    model.dt = dt
    made = create_neuron_model(
        f"Neuron{folder.name}",
        params=[(name, "scalar") for name in parameters],
        vars=[(name, "scalar") for name in [*state, "Shown"]],
        extra_global_params=[("Input", "scalar*")],
        **code,
    )
    neuron = model.add_neuron_population("neuron", 1, made, parameters, state | {"Shown": 0.0})
    neuron.extra_global_params["Input"].set_init_values(np.asarray(current, np.float64))
    try:
        build(model, folder, "single_threaded_cpu")
        model.load()
    except BaseException:
        folder.release()
        raise
    shown = np.empty(len(current))
    try:
        for step in range(len(current)):
            model.step_time()
            neuron.vars["Shown"].pull_from_device()
            shown[step] = neuron.vars["Shown"].view[0]
    finally:
        unload(model, folder)
    return shown
