"""Adam on the device, with the equations of `models.adam`."""

from __future__ import annotations

from typing import Any

from ml_genn.optimisers import Optimiser
from ml_genn.utils.model import CustomUpdateModel

from models.adam import Step

PARAMETERS = ("Beta1", "Beta2", "Epsilon", "Rate", "Scale", "Decay", "Sparse")
"""Set before every update: the moments' decays, the constant that keeps the denominator above 0, the learning rate with
both bias corrections, a factor on the gradient, decoupled weight decay, and whether zeros are absent synapses."""

_CODE = """
const scalar slope = (Sparse > 0.0 && Variable == 0.0) ? 0.0 : Scale * Gradient;
M = (Beta1 * M) + ((1.0 - Beta1) * slope);
V = (Beta2 * V) + ((1.0 - Beta2) * slope * slope);
Variable -= (Rate * M / (sqrt(V) + Epsilon)) + (Decay * Variable);
"""


class DeviceAdam(Optimiser):  # type: ignore[misc]
    """Adam with decoupled weight decay; the host sets all its numbers."""

    def set_step(self, genn_cu: Any, step: int) -> None:
        """Do nothing: `set_numbers` sets the numbers."""

    def get_model(self, gradient_ref: Any, var_ref: Any, zero_gradient: bool, clamp_var: Any = None) -> Any:
        """Return the custom update of one variable; see `ml_genn.optimisers.Optimiser`."""
        from pygenn import VarAccessMode

        model = CustomUpdateModel(
            {
                "vars": [("M", "scalar"), ("V", "scalar")],
                "params": [(name, "scalar") for name in PARAMETERS],
                "var_refs": [("Gradient", "scalar", VarAccessMode.READ_ONLY), ("Variable", "scalar")],
                "update_code": _CODE,
            },
            dict.fromkeys(PARAMETERS, 0.0),
            {"M": 0.0, "V": 0.0},
            {"Gradient": gradient_ref, "Variable": var_ref},
        )
        for name in PARAMETERS:
            model.set_param_dynamic(name)
        if zero_gradient:
            model.set_var_ref_access_mode("Gradient", VarAccessMode.READ_WRITE)
            model.append_update_code("Gradient = 0.0;")
        if clamp_var is not None:
            # mlGeNN's bound is a whole number of steps; the bound of delays need not be one.
            model.add_param("Most", "scalar", float(clamp_var[1]))
            model.set_param_dynamic("Most")
            model.append_update_code(f"Variable = fmin(Most, fmax({float(clamp_var[0])}, Variable));")
        return model


def set_numbers(update: Any, step: Step, scale: float, unit: float = 1.0) -> None:
    """Hand the numbers of a custom update of `DeviceAdam` to the device; ``scale`` is a factor on the gradient.

    ``unit`` is what 1 of the device's variable is: the device has delays in steps, but their moments in ms.
    """
    numbers = (step.beta_1, step.beta_2, step.epsilon, step.rate / unit, scale / unit, step.decay, float(step.sparse))
    for name, number in zip(PARAMETERS, numbers, strict=True):
        update.set_dynamic_param_value(name, number)
    if step.bounds is not None:
        update.set_dynamic_param_value("Most", step.bounds[1] / unit)
