"""Losses: each one's gradient is its derivative, and what must not matter does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.errors import InputError
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare, softmax
from models.windows import Exponential, Gaussian, Uniform

LABELS = np.array([0, 3, 2, 3, 1, 0])
CLASSES = 4
STEPS = 9
TRIAL = 60.0

LOSSES: dict[str, Callable[[], Loss]] = {
    "cross-entropy": lambda: CrossEntropy(Exponential(), scale=2.5),
    "cross-entropy, tempered and smoothed": lambda: CrossEntropy(Exponential(), 2.0, temperature=0.7, smoothing=0.2),
    "max over time": lambda: MaxOverTime(scale=2.5, temperature=1.3, smoothing=0.1),
    "first spike": lambda: FirstSpike(temperature=7.0, smoothing=0.1),
    "first spike, early": lambda: FirstSpike(early=0.4, tau=30.0, temperature=7.0),
    "mean square": lambda: MeanSquare(Gaussian(), target=0.8),
}


def seen_by(loss: Loss, seed: int, size: float = 1.0, examples: int = len(LABELS)) -> np.ndarray:
    """Something that ``loss`` could observe; some of the spikes are missing."""
    rng = np.random.default_rng(seed)
    if loss.observes == "first spike":
        times = rng.uniform(0, TRIAL, (examples, CLASSES))
        return np.where(rng.random(times.shape) < 0.2, np.inf, times)
    shape = (examples, STEPS, CLASSES) if loss.observes == "voltage" else (examples, CLASSES)
    return rng.normal(0, size, shape)


def voltages(scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(4).normal(0, scale, (len(LABELS), CLASSES))


@pytest.mark.parametrize("name", LOSSES)
@given(seed=st.integers(0, 2**31), size=st.floats(0.1, 3.0), labels=st.lists(st.integers(0, 3), min_size=1, max_size=7))
def test_the_gradient_is_the_derivative_of_the_mean_loss(name: str, seed: int, size: float, labels: list[int]) -> None:
    """Up to the error of the differences."""
    loss, classes = LOSSES[name](), np.array(labels)
    observed = seen_by(loss, seed, size, len(labels))
    gradient = loss.judge(observed, classes, TRIAL).gradient
    assert gradient.shape == observed.shape
    numeric = np.zeros_like(observed)
    for index in np.ndindex(observed.shape):
        sides = []
        for shift in (1e-5, -1e-5):
            moved = observed.copy()
            moved[index] += shift
            sides.append(loss.judge(moved, classes, TRIAL).losses.mean())
        numeric[index] = (sides[0] - sides[1]) / 2e-5
    np.testing.assert_allclose(gradient, numeric, rtol=1e-6, atol=1e-6 * np.abs(numeric).max() + 1e-9)


@pytest.mark.parametrize("name", LOSSES)
@given(seed=st.integers(0, 2**31), order=st.permutations(range(CLASSES)))
def test_renaming_the_classes_changes_nothing_else(name: str, seed: int, order: list[int]) -> None:
    """Up to rounding: sums over classes are taken in another order, and a small loss is the logarithm of nearly 1."""
    loss = LOSSES[name]()
    observed = seen_by(loss, seed)
    one = loss.judge(observed, LABELS, TRIAL)
    renamed = loss.judge(observed[..., order], np.argsort(order)[LABELS], TRIAL)
    np.testing.assert_allclose(renamed.losses, one.losses, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(renamed.logits, one.logits[:, order], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(renamed.gradient, one.gradient[..., order], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_examples_do_not_touch_but_for_the_mean(name: str) -> None:
    loss = LOSSES[name]()
    observed = seen_by(loss, 5)
    together = loss.judge(observed, LABELS, TRIAL)
    for i in range(len(LABELS)):
        alone = loss.judge(observed[i : i + 1], LABELS[i : i + 1], TRIAL)
        np.testing.assert_allclose(alone.losses[0], together.losses[i], rtol=1e-12)
        np.testing.assert_allclose(alone.gradient[0], together.gradient[i] * len(LABELS), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", LOSSES)
def test_no_examples_are_no_error(name: str) -> None:
    loss = LOSSES[name]()
    judgement = loss.judge(seen_by(loss, 1, examples=0), np.empty(0, dtype=np.int64), TRIAL)
    assert judgement.losses.shape == (0,)


@pytest.mark.parametrize("make", [lambda **k: CrossEntropy(Uniform(), **k), MaxOverTime])
@given(
    seed=st.integers(0, 2**31), scale=st.floats(0.1, 10), temperature=st.floats(0.1, 10), smoothing=st.floats(0, 0.9)
)
def test_temperature_is_an_inverse_scale(
    make: Callable[..., Loss], seed: int, scale: float, temperature: float, smoothing: float
) -> None:
    """Up to rounding: logits of hundreds leave 1e-13 of a small loss, which is the logarithm of nearly 1."""
    warm, cool = (
        make(scale=scale, temperature=temperature, smoothing=smoothing),
        make(scale=scale / temperature, smoothing=smoothing),
    )
    observed = seen_by(warm, seed)
    one, other = warm.judge(observed, LABELS, TRIAL), cool.judge(observed, LABELS, TRIAL)
    np.testing.assert_allclose(one.losses, other.losses, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one.gradient, other.gradient, rtol=1e-9, atol=1e-12)
    assert np.array_equal(one.logits.argmax(axis=1), other.logits.argmax(axis=1))


def test_the_temperature_of_first_spikes_is_a_unit_of_time() -> None:
    loss, slower = FirstSpike(0.3, 20.0, temperature=4.0), FirstSpike(0.3, 60.0, temperature=12.0)
    times = seen_by(loss, 3)
    np.testing.assert_allclose(
        loss.judge(times, LABELS, TRIAL).losses, slower.judge(3 * times, LABELS, 3 * TRIAL).losses
    )


@pytest.mark.parametrize("name", ["cross-entropy", "max over time", "first spike"])
@given(seed=st.integers(0, 2**31), smoothing=st.floats(0, 0.95))
def test_smoothing_mixes_the_plain_loss_with_that_of_all_classes(name: str, seed: int, smoothing: float) -> None:
    """Up to rounding. Without smoothing it is the plain one."""
    plain = {
        "cross-entropy": lambda s: CrossEntropy(Exponential(), 2.5, smoothing=s),
        "max over time": lambda s: MaxOverTime(2.5, smoothing=s),
        "first spike": lambda s: FirstSpike(temperature=7.0, smoothing=s),
    }[name]
    loss = plain(0.0)
    observed = seen_by(loss, seed)
    of_each = [loss.judge(observed, np.full(len(LABELS), k), TRIAL) for k in range(CLASSES)]
    right = loss.judge(observed, LABELS, TRIAL)
    smooth = plain(smoothing).judge(observed, LABELS, TRIAL)
    for field in ("losses", "gradient"):
        mixed = (1 - smoothing) * getattr(right, field) + smoothing * np.mean(
            [getattr(j, field) for j in of_each], axis=0
        )
        np.testing.assert_allclose(getattr(smooth, field), mixed, rtol=1e-9, atol=1e-12)


def test_losses_are_minus_the_log_probabilities_and_ignore_a_common_offset() -> None:
    loss, seen = CrossEntropy(Uniform()), voltages(3.0)
    expected = -np.log(softmax(seen)[np.arange(len(LABELS)), LABELS])
    np.testing.assert_allclose(loss.judge(seen, LABELS, TRIAL).losses, expected, rtol=1e-12)
    np.testing.assert_allclose(loss.judge(seen + 123.0, LABELS, TRIAL).losses, expected, rtol=1e-9)


def test_no_example_drives_all_outputs_one_way() -> None:
    gradient = CrossEntropy(Uniform(), scale=3.0).judge(voltages(), LABELS, TRIAL).gradient
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-12)
    assert np.all(gradient[np.arange(len(LABELS)), LABELS] < 0)


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_ignorance_costs_the_logarithm_of_the_number_of_classes(smoothing: float) -> None:
    loss = CrossEntropy(Uniform(), smoothing=smoothing)
    np.testing.assert_allclose(loss.judge(np.full((6, CLASSES), 7.0), LABELS, TRIAL).losses, np.log(CLASSES))


def test_extreme_logits_stay_finite() -> None:
    logits = np.array([[1e4, -1e4, 0.0]])
    np.testing.assert_allclose(softmax(logits), [[1, 0, 0]])
    judgement = CrossEntropy(Uniform()).judge(logits, np.array([1]), TRIAL)
    assert judgement.losses[0] == pytest.approx(2e4)
    assert np.all(np.isfinite(judgement.gradient))


@given(seed=st.integers(0, 2**31))
def test_outputs_without_a_spike_have_no_gradient_and_are_the_last(seed: int) -> None:
    loss = FirstSpike(early=0.5, tau=30.0, temperature=5.0)
    times = seen_by(loss, seed)
    missing = np.isinf(times)
    assume(missing.any())
    judgement = loss.judge(times, LABELS, TRIAL)
    assert np.all(judgement.gradient[missing] == 0)
    assert np.all(np.isfinite(judgement.losses))
    assert np.all(judgement.logits[missing] == -TRIAL)
    assert np.array_equal(judgement.losses, loss.judge(np.where(missing, TRIAL, times), LABELS, TRIAL).losses)


def test_an_early_right_spike_is_better_and_silence_everywhere_is_ignorance() -> None:
    loss = FirstSpike(early=0.5, tau=30.0, temperature=5.0)
    silent = FirstSpike().judge(np.full((6, CLASSES), np.inf), LABELS, TRIAL)
    np.testing.assert_allclose(silent.losses, np.log(CLASSES))
    times = np.full((1, CLASSES), 40.0)
    gradient = loss.judge(times, np.array([2]), TRIAL).gradient[0]
    assert gradient[2] > 0
    assert np.all(gradient[[0, 1, 3]] < 0)


def test_mean_square_wants_the_target_of_the_right_output_and_nothing_of_the_others() -> None:
    loss = MeanSquare(Gaussian(), target=0.8)
    wanted = np.zeros((len(LABELS), STEPS, CLASSES))
    wanted[np.arange(len(LABELS)), :, LABELS] = 0.8
    judgement = loss.judge(wanted, LABELS, TRIAL)
    np.testing.assert_allclose(judgement.losses, 0, atol=1e-30)
    assert not judgement.gradient.any()
    assert np.array_equal(judgement.logits.argmax(axis=1), LABELS)
    # One output off by d throughout costs d^2 / 2, whatever the normalised window.
    wanted[:, :, 1] += 0.3
    np.testing.assert_allclose(loss.judge(wanted, LABELS, TRIAL).losses, 0.045, rtol=1e-6)


def test_losses_without_a_window_have_the_uniform_one() -> None:
    assert MaxOverTime().readout == FirstSpike().readout == Uniform()
    assert MeanSquare(Gaussian()).readout == CrossEntropy(Gaussian()).readout == Gaussian()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: CrossEntropy(Uniform(), temperature=0.0), r"loss\.temperature is 0\.0"),
        (lambda: FirstSpike(temperature=-1.0), r"loss\.temperature is -1\.0"),
        (lambda: MaxOverTime(smoothing=1.0), r"loss\.smoothing is 1\.0"),
        (lambda: MaxOverTime(smoothing=-0.1), r"loss\.smoothing is -0\.1"),
    ],
)
def test_impossible_values_are_refused_by_name(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        make()
