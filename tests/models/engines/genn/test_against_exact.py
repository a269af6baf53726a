"""Gradients at a step of 1/128 ms against those of the event-exact simulation."""

from __future__ import annotations

from typing import Any

import pytest
from event_nets import Drawn, Plan, draw, errors, is_clear
from genn import needs_genn, on_genn

from models.engines.genn import edits
from models.losses import CrossEntropy
from models.windows import Bump, Exponential, Gaussian, Uniform, Window

pytestmark = needs_genn

DT = 1 / 128
CELLS = 800
WINDOWS: dict[str, Window] = {
    "uniform": Uniform(),
    "exponential": Exponential(),
    "gaussian": Gaussian(mu=0.25, sigma=0.15),
    "bump": Bump(),
}
PLANS = {
    "feed-forward": (Plan(), 6),
    "recurrent": (Plan(((8, True),)), 15),
    "delay line": (Plan(((8, True),), channels=6, copies=2), 208),
    "all delays": (Plan(((8, True),), delayed=("input", "recurrent", "output")), 11),
    "time constants": (Plan(((8, True),), constants=("hidden",)), 17),
}
"""With seeds of networks whose gradients do not change fast with the spikes' times."""

OUTPUT, OTHERS = 0.002, 0.05
"""Bounds of relative errors: of the output connection's weights, and of every other parameter."""


def case(plan: str) -> Drawn:
    return draw(*PLANS[plan], duration=100.0)


def found_errors(plan: str, window: str) -> dict[str, float]:
    drawn, loss = case(plan), CrossEntropy(WINDOWS[window], 3.0)
    exact = drawn.exact(loss, CELLS).gradients(drawn.trials).weights
    with on_genn(drawn, loss, DT) as engine:
        return errors(drawn, engine.gradients(drawn.batch(DT)).weights, exact)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("plan", PLANS)
def test_gradients_are_those_of_the_event_exact_loss(plan: str, window: str) -> None:
    assert is_clear(case(plan))
    found = found_errors(plan, window)
    output = {name: found.pop(name) for name in list(found) if name == "hidden_output"}
    assert max(output.values()) < OUTPUT
    assert max(found.values()) < OTHERS, found


@pytest.mark.parametrize("fault", ["left out", "not reversed"])
@pytest.mark.parametrize("window", ["exponential", "gaussian", "bump"])
def test_a_wrong_window_in_the_adjoint_breaks_the_bounds(
    window: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = round(100.0 / DT)
    wrong = {
        "left out": f"(1.0 / {last})",
        "not reversed": f"Window[{last + 1} - max(1, (int)round(backT))]",
    }

    def faulty(model: Any, part: str, old: str, new: str) -> None:
        edits.replace_once(model, part, old, new.replace("Window[(int)round(backT)]", wrong[fault]))

    monkeypatch.setattr("models.engines.genn.neuron_code.replace_once", faulty)
    found = found_errors("recurrent", window)
    assert found["hidden_output"] > 4 * OUTPUT
    assert found["input_hidden"] > OTHERS
