"""Softmax cross-entropy of the readout and its derivative."""

from __future__ import annotations

import numpy as np
import pytest

from models.losses import CrossEntropy, softmax
from models.windows import Exponential, Uniform

LABELS = np.array([0, 3, 2, 3, 1, 0])


def voltages(scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(4).normal(0, scale, (len(LABELS), 4))


def test_the_drive_is_the_derivative_of_the_mean_loss() -> None:
    """A step's voltage enters the trial's mean with 1 / steps."""
    loss, mean, steps = CrossEntropy(Exponential(), scale=2.5), voltages(), 40
    drive = loss.drive(loss.logits(mean), LABELS, steps)
    numeric = np.empty_like(mean)
    for index in np.ndindex(mean.shape):
        sides = []
        for shift in (1e-6, -1e-6):
            moved = mean.copy()
            moved[index] += shift
            sides.append(loss.losses(loss.logits(moved), LABELS).mean())
        numeric[index] = (sides[0] - sides[1]) / 2e-6
    np.testing.assert_allclose(drive * steps, numeric, rtol=1e-5, atol=1e-8)


def test_no_example_drives_all_outputs_one_way() -> None:
    loss = CrossEntropy(Uniform(), scale=3.0)
    drive = loss.drive(loss.logits(voltages()), LABELS, 10)
    np.testing.assert_allclose(drive.sum(axis=1), 0, atol=1e-7)
    assert np.all(drive[np.arange(len(LABELS)), LABELS] < 0)


def test_ignorance_costs_the_logarithm_of_the_number_of_classes() -> None:
    loss = CrossEntropy(Uniform())
    np.testing.assert_allclose(loss.losses(np.full((6, 4), 7.0), LABELS), np.log(4))


def test_losses_are_minus_the_log_probabilities_and_ignore_a_common_offset() -> None:
    loss, logits = CrossEntropy(Uniform()), voltages(3.0)
    expected = -np.log(softmax(logits)[np.arange(len(LABELS)), LABELS])
    np.testing.assert_allclose(loss.losses(logits, LABELS), expected, rtol=1e-12)
    np.testing.assert_allclose(loss.losses(logits + 123.0, LABELS), expected, rtol=1e-9)


def test_extreme_logits_stay_finite() -> None:
    logits = np.array([[1e4, -1e4, 0.0]])
    np.testing.assert_allclose(softmax(logits), [[1, 0, 0]])
    assert CrossEntropy(Uniform()).losses(logits, np.array([1]))[0] == pytest.approx(2e4)
