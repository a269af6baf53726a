"""Windows: formulas, normalisation, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from models.windows import Bump, Exponential, Gaussian, Tabulated, Uniform, Window

RAMP = Tabulated(values=tuple(np.linspace(0, 3, 200)))
ALL: list[Window] = [Uniform(), Exponential(), Gaussian(), Gaussian(mu=0.25, sigma=0.15), Bump(), RAMP]


def middles(steps: int) -> np.ndarray:
    return (np.arange(steps) + 0.5) / steps


@pytest.mark.parametrize("window", ALL, ids=str)
def test_the_mean_over_the_trial_is_one(window: Window) -> None:
    table = window.table(200)
    assert table.shape == (200,)
    assert table.dtype == np.float32
    assert table.mean(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    assert np.all(table >= 0)


@given(mu=st.floats(-0.5, 1.5), sigma=st.floats(0.02, 5), steps=st.integers(50, 1500))
def test_every_gaussian_that_reaches_into_the_trial_has_mean_one(mu: float, sigma: float, steps: int) -> None:
    """Up to the rounding of a table in float32."""
    if max(-mu, mu - 1) < 10 * sigma:
        assert Gaussian(mu=mu, sigma=sigma).table(steps).mean(dtype=np.float64) == pytest.approx(1, abs=1e-5)


def test_a_centred_gaussian_is_symmetric_in_time() -> None:
    table = Gaussian(mu=0.5, sigma=0.17).table(301)
    np.testing.assert_allclose(table, table[::-1], rtol=1e-6)
    assert table.argmax() == 150


def test_a_gaussian_falls_to_its_half_at_the_half_width() -> None:
    sigma = 0.1
    table = Gaussian(mu=0.3, sigma=sigma, normalise=False).table(10000)
    above = middles(10000)[table > 0.5]
    assert above[-1] - above[0] == pytest.approx(2 * sigma * np.sqrt(2 * np.log(2)), abs=2e-4)


def test_a_wide_gaussian_is_the_uniform_window() -> None:
    np.testing.assert_allclose(Gaussian(sigma=1000).table(100), Uniform().table(100), rtol=1e-6)


def test_without_normalisation_the_thesis_equations_hold() -> None:
    u = middles(700)
    np.testing.assert_allclose(Exponential(normalise=False).table(700), np.exp(-u), rtol=1e-6)
    np.testing.assert_allclose(
        Bump(normalise=False).table(700), 2 * (0.4 + 4.4 * u * np.exp(-(u**2) / 0.08)), rtol=1e-6
    )


def test_a_bump_is_floored_at_zero() -> None:
    table = Bump(mu=0.5, offset=0.1, depth=8.0).table(500)
    assert np.all(table >= 0)
    assert np.any(table == 0)


@pytest.mark.parametrize("window", [Uniform(), Exponential(), Gaussian(), Bump()], ids=str)
def test_tables_of_coarse_and_fine_steps_show_the_same_window(window: Window) -> None:
    np.testing.assert_allclose(window.table(2000).reshape(500, 4).mean(axis=1), window.table(500), rtol=1e-3)


def test_a_tabulated_window_of_another_length_is_refused_with_both_lengths() -> None:
    with pytest.raises(InputError, match=r"200 values; the trial has 100 steps"):
        RAMP.table(100)


@pytest.mark.parametrize("values", [(1.0, -0.1), (1.0, float("nan")), (float("inf"), 1.0)])
def test_tabulated_values_that_are_no_weights_are_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="negative or not finite"):
        Tabulated(values=values)


@pytest.mark.parametrize("window", [Tabulated(values=(0.0,) * 50), Gaussian(mu=90.0, sigma=0.1)], ids=str)
def test_a_window_that_weighs_nothing_is_refused(window: Window) -> None:
    with pytest.raises(InputError, match="zero over the whole trial"):
        window.table(50)


@pytest.mark.parametrize("sigma", [0.0, -1.0, float("nan")])
@pytest.mark.parametrize("kind", [Gaussian, Bump])
def test_a_width_that_is_no_width_is_refused(kind: type[Gaussian] | type[Bump], sigma: float) -> None:
    with pytest.raises(InputError, match=r"window\.sigma"):
        kind(sigma=sigma)
