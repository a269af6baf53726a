"""Vesicle release against the distributions that it must have."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipeline.cochlea.lanes import LANES
from pipeline.cochlea.vesicles import draw_waits, hazard, release

SITES = 40


def _release(probability: np.ndarray, dead: int, seed: int, runs: int = 1) -> np.ndarray:
    """Return vesicle counts, shape (runs * LANES, steps), of independent fresh synapses."""
    results = []
    stream = np.array([seed], dtype=np.uint64)
    for _ in range(runs):
        hazards = np.repeat(probability.astype(np.float32)[:, None], LANES, axis=1)
        hazard(hazards)
        vesicles = np.zeros((dead + len(probability), LANES), dtype=np.float32)
        reserve = np.empty(256, dtype=np.float32)
        draw_waits(stream, reserve)
        ready = np.full(LANES, SITES, dtype=np.float32)
        release(hazards, vesicles, dead, ready, reserve[:LANES].copy(), stream, reserve, LANES)
        results.append(vesicles[dead:].T.copy())
    return np.concatenate(results)


def _agrees(counts: np.ndarray, expected: np.ndarray) -> bool:
    """Return whether a chi-square test at 0.1 % finds no difference; rare values are pooled."""
    observed = np.bincount(counts.astype(int), minlength=len(expected))[: len(expected)]
    wanted = expected * len(counts)
    common = wanted >= 5
    f_obs = np.append(observed[common], observed[~common].sum())
    f_exp = np.append(wanted[common], wanted[~common].sum())
    return bool(stats.chisquare(f_obs, f_exp * f_obs.sum() / f_exp.sum()).pvalue > 1e-3)


@pytest.mark.parametrize("p", [1e-4, 0.1, 0.499, 0.501, 0.9, 1.0])
def test_hazard_is_the_logarithm_of_survival(p: float) -> None:
    probabilities = np.full((3, LANES), p, dtype=np.float32)
    hazard(probabilities)
    expected = -np.log1p(-min(float(np.float32(p)), 1 - 2.0**-23))
    np.testing.assert_allclose(probabilities, expected, rtol=2e-6)


def test_waits_are_exponential() -> None:
    reserve = np.empty(100_000, dtype=np.float32)
    draw_waits(np.array([11], dtype=np.uint64), reserve)
    assert stats.kstest(reserve, "expon").pvalue > 1e-3
    assert abs(np.corrcoef(reserve[1:], reserve[:-1])[0, 1]) < 0.015


@pytest.mark.parametrize("p", [0.003, 0.05, 0.3, 0.7])
def test_fresh_sites_release_binomially(p: float) -> None:
    counts = _release(np.array([p]), dead=24, seed=1, runs=300)[:, 0]
    assert _agrees(counts, stats.binom.pmf(np.arange(SITES + 1), SITES, p))


def test_sites_that_have_released_are_out_of_the_next_draw() -> None:
    counts = _release(np.array([0.3, 0.2]), dead=24, seed=2, runs=600)
    for first in (11, 12, 13):
        second = counts[counts[:, 0] == first, 1]
        assert _agrees(second, stats.binom.pmf(np.arange(SITES + 1), SITES - first, 0.2))


def test_a_wrong_dead_time_would_be_noticed() -> None:
    counts = _release(np.array([0.3, 0.2]), dead=1, seed=2, runs=600)
    second = counts[counts[:, 0] == 12, 1]
    assert not _agrees(second, stats.binom.pmf(np.arange(SITES + 1), SITES - 12, 0.2))


def test_certain_release_comes_in_volleys_a_dead_time_apart() -> None:
    counts = _release(np.ones(100), dead=24, seed=3)
    assert np.all(counts[:, ::24] == SITES)
    assert counts.sum() == LANES * 5 * SITES


def test_steady_release_has_the_rate_of_a_renewal_process() -> None:
    p, dead = 0.02, 24
    counts = _release(np.full(4000, p), dead, seed=4, runs=2)[:, 500:]
    # A site is dead for dead - 1 further steps after each release, then waits 1 / p steps on average.
    expected = SITES / (dead - 1 + 1 / p)
    assert counts.mean() == pytest.approx(expected, rel=0.01)


def test_no_site_releases_twice_in_its_dead_time() -> None:
    dead = 24
    counts = _release(np.full(2000, 0.3), dead, seed=5)
    window = np.cumsum(counts, axis=1)
    assert (window[:, dead:] - window[:, :-dead]).max() <= SITES


def test_impossible_release_never_happens() -> None:
    assert _release(np.zeros(5000), dead=24, seed=6).sum() == 0
