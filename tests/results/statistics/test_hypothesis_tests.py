"""Tests of differences and Holm's correction, against closed forms, enumeration and simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.statistics.hypothesis_tests import holm, p_text, paired_t_test, sign_flip_test


def enumerated(differences: np.ndarray) -> float:
    """Return the fraction of all sign changes whose mean is as far from 0 as the observed one."""
    signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(differences))))
    means = np.abs(signs @ differences / len(differences))
    return float((means >= abs(differences.mean()) - 1e-12).mean())


def test_the_exact_permutation_is_that_of_all_signs() -> None:
    assert sign_flip_test(np.array([1.0, 1.0, 1.0])) == pytest.approx(2 / 8)
    assert sign_flip_test(np.array([1.0, -1.0])) == 1.0
    assert sign_flip_test(np.array([0.3, 0.2, 0.5, 0.1])) == pytest.approx(2 / 16)
    assert sign_flip_test(np.array([0.3])) == 1.0
    assert np.isnan(sign_flip_test(np.array([])))


@given(st.lists(st.integers(-30, 30), min_size=2, max_size=10), st.sampled_from([250, 400, 1720, 7]))
def test_the_permutation_test_counts_ties_of_accuracies_as_an_enumeration_does(right: list[int], of: int) -> None:
    differences = np.array(right) / of
    assert sign_flip_test(differences) == pytest.approx(enumerated(differences), abs=1e-12)


def test_without_an_effect_one_study_in_twenty_finds_one() -> None:
    rng = np.random.default_rng(0)
    p = sign_flip_test(rng.normal(0, 0.02, (2000, 10)))
    assert p.shape == (2000,)
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.015)
    heavy = sign_flip_test(rng.standard_t(3, (2000, 10)))
    assert np.mean(heavy <= 0.05) == pytest.approx(0.05, abs=0.015)


def test_random_permutations_agree_with_the_exact_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    d = np.random.default_rng(1).normal(0.5, 1, 12)
    exact = sign_flip_test(d)
    assert exact == pytest.approx(enumerated(d))
    monkeypatch.setattr("results.statistics.hypothesis_tests.RESAMPLES", 4000)
    assert sign_flip_test(d) == pytest.approx(exact, abs=0.02)
    assert sign_flip_test(d) == sign_flip_test(d)


def test_holm_is_statsmodels_and_keeps_the_family_wise_rate() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"a": 0.9, "b": 0.5}) == {"a": 1.0, "b": 1.0}
    rng = np.random.default_rng(4)
    families = [holm(dict(enumerate(rng.random(3)))) for _ in range(4000)]  # type: ignore[arg-type]
    assert np.mean([min(family.values()) <= 0.05 for family in families]) == pytest.approx(0.05, abs=0.012)


def test_what_could_not_be_told_is_not_corrected_and_corrects_nothing() -> None:
    nan = float("nan")
    for p in ({"a": nan, "b": 0.01, "c": 0.03}, {"b": 0.01, "c": 0.03, "a": nan}):
        found = holm(p)
        assert np.isnan(found.pop("a"))
        assert found == pytest.approx({"b": 0.02, "c": 0.03})


def test_the_p_value_is_uniform_without_an_effect() -> None:
    rng = np.random.default_rng(0)
    found = np.array([paired_t_test(rng.normal(size=5)) for _ in range(2000)])
    assert (found < 0.05).mean() == pytest.approx(0.05, abs=0.015)
    assert np.isnan(paired_t_test(np.zeros(5)))
    assert np.isnan(paired_t_test(np.ones(1)))


def test_a_p_value_is_shown_with_its_equals_sign_and_never_as_zero() -> None:
    assert [p_text(p) for p in (0.0, 0.0009, 0.0024, 0.0496, 0.242, 1.0)] == [
        "p < 0.001",
        "p < 0.001",
        "p = 0.002",
        "p = 0.050",
        "p = 0.24",
        "p = 1.00",
    ]
