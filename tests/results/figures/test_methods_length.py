"""The figure of time and memory by method."""

from __future__ import annotations

import numpy as np
import pytest

from results.figures.methods_length import APART, by_method, spread


def test_every_method_that_was_measured_has_a_line_and_a_label_of_its_colour() -> None:
    rows = [
        {
            **{"case": f"{steps} steps", "steps": str(steps), "trainer": name, "method": name.split(",")[0]},
            **{"cpu_ms_an_example": 0.5 * steps, "megabytes": 0.0 if name == "a" else steps},
        }
        for name in ("a", "b", "b, other")
        for steps in (500, 8000)
    ]
    shaped = {"case": "fsdd-shaped", "steps": "350", "trainer": "a", "method": "a", "cpu_ms_an_example": 1.0}
    figure = by_method([*rows, shaped, {"case": "500 steps", "steps": "500", "trainer": "c", "note": "left out"}])
    for panel in figure.axes:
        assert [line.get_label() for line in panel.lines] == ["a", "b", "b, other"]
        assert panel.get_xscale() == panel.get_yscale() == "log"
        colours = {line.get_label(): line.get_color() for line in panel.lines}
        assert {text.get_text(): text.get_color() for text in panel.texts} == colours
        assert colours["b"] == colours["b, other"] != colours["a"]
        places = sorted(text.xyann[1] for text in panel.texts)
        assert np.diff(places).min() > APART - 1e-9
    time, memory = figure.axes
    assert list(time.lines[0].get_xdata()) == [500, 8000]
    assert list(memory.lines[1].get_ydata()) == [500, 8000]


def test_labels_move_only_where_they_are_too_close() -> None:
    assert spread([0.0, 0.5, 1.0], 0.1) == [0.0, 0.5, 1.0]
    assert spread([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])
    chain = spread([0.5, 0.52, 0.61, 0.9], 0.1)
    assert np.diff(chain).min() == pytest.approx(0.1)
    assert np.mean(chain[:3]) == pytest.approx(np.mean([0.5, 0.52, 0.61]))
    assert chain[3] == 0.9
