"""Statistics on made-up data whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from results.study.crossed import crossed
from results.study.statistics import compare, detectable, holm, paired, power, sign_flip


def test_the_exact_permutation_is_that_of_all_signs() -> None:
    assert sign_flip(np.array([1.0, 1.0, 1.0])) == pytest.approx(2 / 8)
    assert sign_flip(np.array([1.0, -1.0])) == 1.0
    assert sign_flip(np.array([0.3, 0.2, 0.5, 0.1])) == pytest.approx(2 / 16)


def test_without_an_effect_one_study_in_twenty_finds_one() -> None:
    rng = np.random.default_rng(0)
    p = [sign_flip(rng.normal(0, 0.02, 10)) for _ in range(2000)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.015)
    heavy = [sign_flip(rng.standard_t(3, 10)) for _ in range(2000)]
    assert np.mean(np.array(heavy) <= 0.05) == pytest.approx(0.05, abs=0.015)


def test_drawn_permutations_agree_with_the_exact_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    d = np.random.default_rng(1).normal(0.5, 1, 12)
    exact = sign_flip(d)
    monkeypatch.setattr("results.study.statistics.PERMUTATIONS", 4000)
    assert sign_flip(d) == pytest.approx(exact, abs=0.02)


def test_power_is_what_simulated_studies_find() -> None:
    rng = np.random.default_rng(2)
    for difference, pairs in ((0.02, 10), (0.01, 10), (0.02, 5)):
        p = [stats.ttest_1samp(rng.normal(difference, 0.02, pairs), 0).pvalue for _ in range(3000)]
        assert power(difference, 0.02, pairs) == pytest.approx(np.mean(np.array(p) < 0.05), abs=0.03)
    assert power(0.0, 1.0, 10) == pytest.approx(0.05)
    assert power(100.0, 1.0, 10) == pytest.approx(1.0)


def test_the_detectable_difference_is_found_in_four_of_five_studies() -> None:
    rng = np.random.default_rng(3)
    least = detectable(0.03, 10)
    found = [sign_flip(rng.normal(least, 0.03, 10)) <= 0.05 for _ in range(1500)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.05)
    assert detectable(0.03, 40) < detectable(0.03, 10)
    assert np.isnan(detectable(0.03, 1))


def test_holm_is_statsmodels_and_keeps_the_family_wise_rate() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"a": 0.9, "b": 0.5}) == {"a": 1.0, "b": 1.0}
    rng = np.random.default_rng(4)
    families = [holm(dict(enumerate(rng.random(3)))) for _ in range(4000)]  # type: ignore[arg-type]
    assert np.mean([min(family.values()) <= 0.05 for family in families]) == pytest.approx(0.05, abs=0.012)


def test_the_interval_covers_the_truth_and_the_effect_is_cohens() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(1000):
        found = paired(rng.normal(0.01, 0.02, 10))
        covered += found.low <= 0.01 <= found.high
    assert covered / 1000 == pytest.approx(0.95, abs=0.025)
    d = np.array([0.1, 0.2, 0.3])
    assert paired(d).effect == pytest.approx(2.0)


def test_variants_are_paired_by_seed_with_folds_averaged() -> None:
    rng = np.random.default_rng(6)
    rows = []
    for seed in range(8):
        luck = rng.normal(0, 0.1)
        for held in ("ann", "ben"):
            for variant, worth in (("exponential", 0.8), ("gaussian", 0.83), ("bump", 0.8)):
                fold = 0.05 if held == "ann" else -0.05
                noise = rng.normal(0, 0.004)
                rows.append({"variant": variant, "seed": seed, "held": held, "accuracy": worth + luck + fold + noise})
    table = compare(pd.DataFrame(rows), "exponential").set_index("window")
    assert table.loc["gaussian", "difference"] == pytest.approx(0.03, abs=0.006)
    assert table.loc["gaussian", "p_corrected"] < 0.05
    assert table.loc["bump", "p_corrected"] > 0.05
    assert table["seeds"].tolist() == [8, 8, 8]
    assert table["folds"].tolist() == [2, 2, 2]
    assert np.isnan(table.loc["exponential", "difference"])
    wide = table.loc["gaussian", "high"] - table.loc["gaussian", "low"]
    narrow = table.loc["gaussian", "difference_high"] - table.loc["gaussian", "difference_low"]
    assert narrow < wide / 5, "the luck that a seed's runs share is not in their differences"


def grid(rng: np.random.Generator, seed_sd: float, speaker_sd: float, difference: float = 0.0) -> np.ndarray:
    """Return differences of ten seeds on five speakers."""
    seeds, speakers = rng.normal(0, seed_sd, (10, 1)), rng.normal(0, speaker_sd, (1, 5))
    return difference + seeds + speakers + rng.normal(0, 0.03, (10, 5))


@pytest.mark.parametrize(("seed_sd", "speaker_sd"), [(0.0, 0.0), (0.02, 0.0), (0.0, 0.05), (0.02, 0.05)])
def test_over_seeds_and_speakers_one_study_in_twenty_at_most_finds_what_is_not_there(
    seed_sd: float, speaker_sd: float
) -> None:
    rng = np.random.default_rng(7)
    p = np.array([crossed(grid(rng, seed_sd, speaker_sd)).p for _ in range(2000)])
    assert np.mean(p <= 0.05) <= 0.065
    if speaker_sd:
        assert np.mean(p <= 0.05) >= 0.035
        over_seeds = [sign_flip(grid(rng, seed_sd, speaker_sd).mean(axis=1)) <= 0.05 for _ in range(300)]
        assert np.mean(over_seeds) > 0.3, "other speakers are another question than other seeds"


def test_over_seeds_and_speakers_is_the_t_test_of_speakers_where_nothing_else_varies() -> None:
    worth = np.array([0.01, 0.03, 0.02, 0.05, 0.0])
    found = crossed(np.tile(worth, (10, 1)))
    assert found.p == pytest.approx(stats.ttest_1samp(worth, 0).pvalue)
    assert found.between_speakers == pytest.approx(worth.std(ddof=1))
    low, high = stats.t.interval(0.95, 4, worth.mean(), stats.sem(worth))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_over_seeds_and_speakers_the_interval_covers_and_spread_is_found() -> None:
    rng = np.random.default_rng(8)
    found = [crossed(grid(rng, 0.02, 0.05, 0.01)) for _ in range(1500)]
    assert np.mean([f.low <= 0.01 <= f.high for f in found]) == pytest.approx(0.95, abs=0.025)
    assert np.sqrt(np.mean([f.between_speakers**2 for f in found])) == pytest.approx(0.05, rel=0.1)
    assert np.isnan(crossed(np.zeros((1, 5))).p)


def test_folds_are_compared_over_speakers_too_and_a_seed_that_lacks_one_is_left_out() -> None:
    rng = np.random.default_rng(9)
    rows = [
        {"variant": variant, "seed": seed, "held": held, "accuracy": 0.6 + worth + rng.normal(0, 0.01)}
        for seed in range(6)
        for held, luck in (("ann", 0.2), ("ben", -0.1), ("cy", 0.0))
        for variant, worth in (("exponential", 0.0), ("gaussian", luck))
    ]
    table = compare(pd.DataFrame(rows), "exponential").set_index("window")
    row = table.loc["gaussian"]
    assert row["p_corrected"] < 0.05, "these speakers"
    assert row["anyone_p"] > 0.5, "any speakers"
    assert row["anyone_low"] < row["difference_low"]
    assert row["between_speakers"] == pytest.approx(np.std([0.2, -0.1, 0.0], ddof=1), rel=0.2)
    rows[0]["accuracy"] = float("nan")
    assert np.isfinite(compare(pd.DataFrame(rows), "exponential").set_index("window").loc["gaussian", "anyone_p"])
    one = pd.DataFrame(rows).query("held == 'ben'")
    assert "anyone_p" not in compare(one, "exponential")
