"""Adam against the paper's own lines in float64."""

from __future__ import annotations

import numpy as np
import pytest

from models.adam import Adam

RATE = 3e-3


def paper(weights: np.ndarray, gradients: list[np.ndarray], rate: float) -> np.ndarray:
    """Algorithm 1 of Kingma and Ba (2015)."""
    w, m, v = weights.astype(float), np.zeros(weights.shape), np.zeros(weights.shape)
    for t, g in enumerate(gradients, start=1):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g.astype(float) ** 2
        w = w - rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w


def test_it_follows_the_paper() -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=(30, 20)).astype(np.float32)
    gradients = [rng.normal(size=start.shape).astype(np.float32) * 10.0 ** rng.integers(-5, 3) for _ in range(50)]
    weights = {"a": start.copy()}
    adam = Adam.of(weights)
    for g in gradients:
        adam.update(weights, {"a": g.astype(np.float32)}, RATE)
    np.testing.assert_allclose(weights["a"], paper(start, [g.astype(np.float32) for g in gradients], RATE), atol=2e-6)
    assert adam.step == 50


def test_gradients_near_epsilon_are_damped_as_in_the_paper() -> None:
    weights = {"a": np.zeros((1, 3), dtype=np.float32)}
    gradient = np.array([[1e-8, 1e-9, 0.0]], dtype=np.float32)
    Adam.of(weights).update(weights, {"a": gradient}, RATE)
    np.testing.assert_allclose(weights["a"], paper(np.zeros((1, 3)), [gradient], RATE), rtol=1e-4)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_the_first_step_is_the_learning_rate_against_the_sign(size: float) -> None:
    weights = {"a": np.zeros((2, 2), dtype=np.float32)}
    gradient = np.array([[size, -size], [2 * size, 0]], dtype=np.float32)
    Adam.of(weights).update(weights, {"a": gradient}, RATE)
    np.testing.assert_allclose(weights["a"], [[-RATE, RATE], [-RATE, 0]], rtol=1e-3)


def test_matrices_do_not_mix_and_the_gradient_is_left_alone() -> None:
    weights = {"a": np.ones((2, 2), dtype=np.float32), "b": np.ones((3, 1), dtype=np.float32)}
    gradients = {"a": np.zeros((2, 2), dtype=np.float32), "b": np.full((3, 1), 2.0, dtype=np.float32)}
    adam = Adam.of(weights)
    for _ in range(3):
        adam.update(weights, gradients, RATE)
    np.testing.assert_array_equal(weights["a"], 1)
    assert np.all(weights["b"] < 1)
    np.testing.assert_array_equal(gradients["b"], 2)
    assert not np.shares_memory(adam.first["a"], adam.second["a"])


def test_it_finds_the_bottom_of_a_bowl() -> None:
    target = np.random.default_rng(1).normal(size=(4, 5)).astype(np.float32)
    weights = {"a": np.zeros((4, 5), dtype=np.float32)}
    adam = Adam.of(weights)
    for _ in range(400):
        adam.update(weights, {"a": weights["a"] - target}, 3e-2)
    np.testing.assert_allclose(weights["a"], target, atol=1e-2)
