"""Importance and pictures on points whose error is a formula."""

from __future__ import annotations

import numpy as np
import pytest
from sweep_spaces import bowl, searched, space

from models.errors import InputError
from sweeps import plots
from sweeps.importance import importance
from sweeps.state import Point


def test_what_makes_the_error_is_important_and_what_does_not_is_not() -> None:
    made = space(
        {
            "network.tau_mem": {"kind": "real", "low": 5.0, "high": 80.0, "scale": "log"},
            "training.learning_rate": {"kind": "real", "low": 1e-4, "high": 1e-1, "scale": "log"},
            "augmentation.shift": {"kind": "integer", "low": 0, "high": 40},
        }
    )
    rng = np.random.default_rng(0)
    points = []
    for number in range(60):
        values = made.at(rng.random(3))
        points.append(Point(number, values, "done", error=float(np.log(values["network.tau_mem"]))))
    table = importance(made, points).set_index("parameter")["importance"]
    assert table["network.tau_mem"] > 0.8
    assert table["training.learning_rate"] < 0.05
    assert table["augmentation.shift"] < 0.05
    with pytest.raises(InputError, match="at least"):
        importance(made, points[:3])


def test_the_surrogates_dependence_is_least_at_the_optimum() -> None:
    made = space(search={"strategy": "bayes", "initial": 8})
    points = searched(made, 25)
    figure = plots.partial_dependence(made, points)
    for axes, optimum in zip(figure.axes, (20.0, 0.005), strict=False):
        x, y = axes.lines[0].get_data()
        assert np.ptp(np.asarray(y)) > 0.05
        assert abs(np.log(float(np.asarray(x)[np.argmin(y)]) / optimum)) < 0.6


def test_convergence_never_rises_and_counts_only_what_was_trained_to_the_end() -> None:
    points = searched(space(search={"strategy": "random"}), 8)
    points[3].status = "stopped"
    points[3].error = 0.0
    line = plots.running_best(points)
    assert len(line) == 8
    assert (np.diff(line) <= 0).all()
    assert line[-1] == min(bowl(p.values) for p in points if p.number != 3)
    figure = plots.convergence({"random": [points, points], "bayes": [points]})
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == [
        "random, 2 repeats",
        "bayes, 1 repeat",
    ]


def test_categories_and_conditions_are_drawn() -> None:
    made = space(
        {
            "loss.window.shape": {"kind": "categorical", "values": ["gaussian", "exponential"]},
            "loss.window.mu": {"kind": "real", "low": 0.0, "high": 1.0, "when": {"loss.window.shape": ["gaussian"]}},
        },
        config="fsdd",
    )
    rng = np.random.default_rng(1)
    points = [Point(i, made.at(rng.random(2)), "done", error=float(rng.random())) for i in range(8)]
    for draw in (plots.partial_dependence, plots.parallel, plots.evaluations):
        assert draw(made, points).axes
    with pytest.raises(InputError, match="at least 3"):
        plots.parallel(made, points[:2])
