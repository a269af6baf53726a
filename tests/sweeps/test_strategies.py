"""How points are chosen."""

from __future__ import annotations

import numpy as np
import pytest
from sweep_spaces import bowl, searched, space

from models.errors import InputError
from sweeps.space import Space
from sweeps.state import Point
from sweeps.strategies import places, propose, surrogate


def with_search(strategy: str, seed: int = 1, **search: object) -> Space:
    return space(search={"strategy": strategy, "seed": seed, **search})


@pytest.mark.parametrize("strategy", ["bayes", "random", "sobol", "grid"])
def test_a_search_repeats_no_point_and_can_be_repeated(strategy: str) -> None:
    made = with_search(strategy, initial=4)
    points = searched(made, 12)
    assert len(points) == 12
    assert len({tuple(p.values.items()) for p in points}) == 12
    assert [p.values for p in searched(made, 12)] == [p.values for p in points]
    if strategy != "grid":
        assert [p.values for p in searched(with_search(strategy, 2, initial=4), 12)] != [p.values for p in points]


def test_a_search_that_is_continued_asks_what_it_would_have_asked() -> None:
    made = with_search("bayes", initial=4)
    points = searched(made, 9)
    # Through JSON, as the store has it.
    again = [Point(p.number, dict(p.values), "done", error=p.error) for p in points[:8]]
    assert propose(made, again) == points[8].values


def test_the_same_store_gives_the_same_surrogate() -> None:
    made = with_search("bayes", initial=4)
    points = searched(made, 8)
    one, two = (surrogate(made, points) for _ in range(2))
    grid = one.space.transform([places(made, made.at(u)) for u in np.random.default_rng(0).random((20, 2))])
    np.testing.assert_array_equal(one.models[-1].predict(grid), two.models[-1].predict(grid))


def test_a_stored_value_that_the_space_does_not_have_is_refused() -> None:
    numbers = {"kind": "real", "low": 0.07, "high": 0.816}
    made = space({"network.initial.spread": numbers, "network.bias": {"kind": "categorical", "values": [True, False]}})
    assert places(made, {"network.initial.spread": 0.07 + (0.816 - 0.07), "network.bias": True}) == [0.816, True]
    for values in ({"network.initial.spread": 99.0}, {"network.initial.spread": "0.1"}, {"network.bias": "yes"}):
        name, value = next(iter(values.items()))
        with pytest.raises(InputError, match=f"{name} = {value!r}, which its space does not have"):
            places(made, values)


def test_workers_at_the_same_time_look_in_different_places() -> None:
    made = with_search("bayes", initial=4)
    points = searched(made, 8)
    for number in range(8, 12):
        values = propose(made, points)
        assert values is not None
        points.append(Point(number, values, "claimed"))
    unit = [[np.log(v["network.tau_mem"] / 5) / np.log(16), np.log10(v["training.learning_rate"]) / 3 + 4 / 3]
            for v in (p.values for p in points[8:])]  # fmt: skip
    distances = [np.linalg.norm(np.subtract(a, b)) for i, a in enumerate(unit) for b in unit[:i]]
    assert min(distances) > 0.02


def test_failed_points_are_bad_ones_and_pruned_ones_no_worse() -> None:
    made = with_search("bayes", initial=4)
    points = searched(made, 6)
    worst = max(p.error or 0 for p in points)
    points.append(Point(6, made.at([0.5, 0.5]), "failed", reason="it broke"))
    points.append(Point(7, made.at([0.6, 0.6]), "stopped", error=0.99))
    told = surrogate(made, points).yi
    assert told[6] == told[7] == worst


def test_a_grid_ends() -> None:
    made = space({"network.hidden": {"kind": "categorical", "values": [8, 16, 32]}}, search={"strategy": "grid"})
    points: list[Point] = []
    while (values := propose(made, points)) is not None:
        points.append(Point(len(points), values, "done", error=0.5))
    assert [p.values["network.hidden"] for p in points] == [8, 16, 32]


@pytest.mark.slow
def test_the_gaussian_process_finds_the_optimum_closer_than_chance() -> None:
    wins = []
    for seed in range(10):
        best = {s: min(bowl(p.values) for p in searched(with_search(s, seed), 24)) for s in ("bayes", "random")}
        wins.append(best["bayes"] < best["random"])
        assert best["bayes"] < 0.06
    assert sum(wins) >= 9, wins
