"""Statistics on made-up data whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from results.study.crossed import crossed
from results.study.statistics import compare, detectable, holm, power, sign_flip


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
        expected = power(difference, 0.02 / np.sqrt(pairs), pairs - 1)
        assert expected == pytest.approx(np.mean(np.array(p) < 0.05), abs=0.03)
    assert power(0.0, 0.3, 9) == pytest.approx(0.05)
    assert power(0.0, 0.3, 9, 0.01) == pytest.approx(0.01)
    assert power(100.0, 0.3, 9) == pytest.approx(1.0)


def test_the_detectable_difference_is_the_one_of_that_power() -> None:
    least = detectable(0.01, 9, 0.02)
    assert power(least, 0.01, 9, 0.02) == pytest.approx(0.8)
    assert detectable(0.01, 9) < least
    assert np.isnan(detectable(0.01, float("nan")))


def test_holm_is_statsmodels_and_keeps_the_family_wise_rate() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"a": 0.9, "b": 0.5}) == {"a": 1.0, "b": 1.0}
    rng = np.random.default_rng(4)
    families = [holm(dict(enumerate(rng.random(3)))) for _ in range(4000)]  # type: ignore[arg-type]
    assert np.mean([min(family.values()) <= 0.05 for family in families]) == pytest.approx(0.05, abs=0.012)


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
    assert table.loc["gaussian", "seeds_p"] < 0.05
    assert table.loc["bump", "seeds_p"] > 0.05
    assert table["seeds"].tolist() == [8, 8, 8]
    assert table["scored_on"].tolist() == [2, 2, 2]
    assert np.isnan(table.loc["exponential", "difference"])
    wide = table.loc["gaussian", "high"] - table.loc["gaussian", "low"]
    narrow = table.loc["gaussian", "seeds_high"] - table.loc["gaussian", "seeds_low"]
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
    assert found.between_units == pytest.approx(worth.std(ddof=1))
    low, high = stats.t.interval(0.95, 4, worth.mean(), stats.sem(worth))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_over_seeds_and_speakers_the_interval_covers_and_spread_is_found() -> None:
    rng = np.random.default_rng(8)
    found = [crossed(grid(rng, 0.02, 0.05, 0.01)) for _ in range(1500)]
    assert np.mean([f.low <= 0.01 <= f.high for f in found]) == pytest.approx(0.95, abs=0.025)
    assert np.sqrt(np.mean([f.between_units**2 for f in found])) == pytest.approx(0.05, rel=0.1)
    assert np.isnan(crossed(np.zeros((1, 5))).p)


def table_of(rng: np.random.Generator, differences: np.ndarray) -> pd.DataFrame:
    """Return runs in which the Gaussian differs so from the exponential on five speakers, and two others do not."""
    seeds, speakers = differences.shape
    base = 0.6 + rng.normal(0, 0.1, (seeds, 1)) + rng.normal(0, 0.1, (1, speakers))
    values = {"exponential": base, "gaussian": base + differences}
    values |= {name: base + grid(rng, 0.02, 0.03) for name in ("bump", "uniform")}
    return pd.DataFrame(
        [
            {"variant": name, "seed": s, "held": f"speaker {u}", "accuracy": v[s, u]}
            for name, v in values.items()
            for s in range(seeds)
            for u in range(speakers)
        ]
    )


def test_the_rule_finds_what_is_not_there_in_one_study_of_twenty_and_the_detectable_in_four_of_five() -> None:
    """The rule that the verdict is told by: corrected for three comparisons, over seeds and speakers."""
    rng = np.random.default_rng(10)
    error = np.sqrt(0.02**2 / 10 + 0.03**2 / 5 + 0.03**2 / 50)
    # The speakers' share dominates: their degrees of freedom, about.
    least = detectable(float(error), 5, 0.05 / 3)
    none, some, studies = 0, 0, 150
    for _ in range(studies):
        null = compare(table_of(rng, grid(rng, 0.02, 0.03)), "exponential")
        none += (null["p_corrected"] <= 0.05).any()
        true = compare(table_of(rng, grid(rng, 0.02, 0.03, least)), "exponential").set_index("window")
        some += true.loc["gaussian", "p_corrected"] <= 0.05
    assert none / studies <= 0.09
    assert some / studies == pytest.approx(0.8, abs=0.1)


def test_folds_are_compared_over_speakers_and_a_seed_that_lacks_one_is_left_out() -> None:
    rng = np.random.default_rng(9)
    rows = [
        {"variant": variant, "seed": seed, "held": held, "accuracy": 0.6 + hard + worth + rng.normal(0, 0.01)}
        for seed in range(6)
        for held, luck, hard in (("ann", 0.2, 0.0), ("ben", -0.1, -0.3), ("cy", 0.0, 0.0))
        for variant, worth in (("exponential", 0.0), ("gaussian", luck))
    ]
    table = compare(pd.DataFrame(rows), "exponential").set_index("window")
    row = table.loc["gaussian"]
    assert row["seeds_p"] < 0.05, "these speakers"
    assert row["p_corrected"] > 0.5, "any speakers"
    assert row["difference_low"] < row["seeds_low"]
    assert (row["units"], row["scored_on"], row["seeds"]) == ("speakers", 3, 6)
    broken = pd.DataFrame(rows)
    broken.loc[(broken["seed"] < 3) & (broken["held"] == "ben") & (broken["variant"] == "gaussian"), "accuracy"] = None
    left = compare(broken, "exponential").set_index("window")
    assert left.loc["gaussian", ["seeds", "failed"]].tolist() == [3, 3]
    assert left.loc["gaussian", "accuracy"] == pytest.approx(row["accuracy"], abs=0.02), "not without the hard fold"
    assert left.loc["gaussian", "difference"] == pytest.approx(row["difference"], abs=0.02)


def test_luck_with_the_recordings_that_all_seeds_share_is_not_taken_for_the_windows() -> None:
    rng = np.random.default_rng(11)
    rejected, over_seeds, studies = 0, 0, 200
    for _ in range(studies):
        # Each window has recordings of its own that it finds hard, whatever the seed.
        chances = {name: rng.beta(2, 1, 40) for name in ("exponential", "gaussian")}
        rows = []
        for name, chance in chances.items():
            for seed in range(10):
                right = (rng.random(40) < chance).astype(int)
                said = "".join(map(str, right))
                rows.append({"variant": name, "seed": seed, "held": "test", "accuracy": right.mean(), "right": said})
        row = compare(pd.DataFrame(rows), "exponential").set_index("window").loc["gaussian"]
        signed = [r["accuracy"] if r["variant"] == "gaussian" else -r["accuracy"] for r in rows]
        assert row["difference"] == pytest.approx(2 * np.mean(signed))
        rejected += row["p"] <= 0.05
        over_seeds += row["seeds_p"] <= 0.05
    assert rejected / studies <= 0.1
    assert over_seeds / studies > 0.2
    assert (row["units"], row["scored_on"]) == ("recordings", 40)
