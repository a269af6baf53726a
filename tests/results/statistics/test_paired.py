"""Statistics on made-up data whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from models.errors import InputError
from results.statistics.hypothesis_tests import sign_flip_test
from results.statistics.mixed_model import crossed_random_effects
from results.statistics.paired import HEADERS, compare
from results.statistics.power import minimum_detectable_difference

RECORDINGS = 400
"""Of every left-out speaker: so many that an accuracy is what it is made to be, nearly."""


def compared(rows: list[dict[str, object]]) -> pd.DataFrame:
    """Return comparisons with the exponential window, of runs on left-out speakers with these accuracies."""
    table = pd.DataFrame(rows)
    count = (table["accuracy"].clip(0, 1) * RECORDINGS).round().fillna(0).astype(int)
    table["right"] = ["1" * n + "0" * (RECORDINGS - n) for n in count]
    held = table["held"].drop_duplicates().repeat(RECORDINGS)
    return compare(table, pd.DataFrame({"held": held, "speaker": held, "word": "one"}), "exponential")


def test_every_abbreviated_column_has_a_header_in_plain_words() -> None:
    rows = [
        {"variant": v, "seed": s, "held": h, "accuracy": 0.5}
        for v in ("exponential", "bump")
        for s in (1, 2)
        for h in "ab"
    ]
    plain = {"window", "accuracy", "difference", "p"}
    assert set(compared(rows).columns) - plain == set(HEADERS)


def test_variants_are_paired_by_seed_with_folds_averaged() -> None:
    rng = np.random.default_rng(6)
    rows: list[dict[str, object]] = []
    for seed in range(8):
        luck = rng.normal(0, 0.04)
        for held in ("ann", "ben"):
            for variant, worth in (("exponential", 0.8), ("gaussian", 0.83), ("bump", 0.8)):
                fold = 0.05 if held == "ann" else -0.05
                noise = rng.normal(0, 0.004)
                rows.append({"variant": variant, "seed": seed, "held": held, "accuracy": worth + luck + fold + noise})
    table = compared(rows).set_index("window")
    assert table.loc["gaussian", "difference"] == pytest.approx(0.03, abs=0.006)
    assert table.loc["gaussian", "seeds_p"] < 0.05
    assert table.loc["bump", "seeds_p"] > 0.05
    assert table["seeds"].tolist() == [8, 8, 8]
    assert table["scored_on"].tolist() == [2, 2, 2]
    assert np.isnan(table.loc["exponential", "difference"])
    wide = table.loc["gaussian", "high"] - table.loc["gaussian", "low"]
    narrow = table.loc["gaussian", "seeds_high"] - table.loc["gaussian", "seeds_low"]
    assert narrow < wide / 4, "the luck that a seed's runs share is not in their differences"


def grid(rng: np.random.Generator, seed_sd: float, speaker_sd: float, difference: float = 0.0) -> np.ndarray:
    """Return differences of ten seeds on five speakers."""
    seeds, speakers = rng.normal(0, seed_sd, (10, 1)), rng.normal(0, speaker_sd, (1, 5))
    return difference + seeds + speakers + rng.normal(0, 0.03, (10, 5))


@pytest.mark.parametrize(("seed_sd", "speaker_sd"), [(0.0, 0.0), (0.02, 0.0), (0.0, 0.05), (0.02, 0.05)])
def test_over_seeds_and_speakers_one_study_in_twenty_at_most_finds_what_is_not_there(
    seed_sd: float, speaker_sd: float
) -> None:
    rng = np.random.default_rng(7)
    p = np.array([crossed_random_effects(grid(rng, seed_sd, speaker_sd)).p for _ in range(2000)])
    assert np.mean(p <= 0.05) <= 0.065
    if speaker_sd:
        assert np.mean(p <= 0.05) >= 0.035
        over_seeds = sign_flip_test(np.array([grid(rng, seed_sd, speaker_sd).mean(axis=1) for _ in range(300)]))
        assert np.mean(over_seeds <= 0.05) > 0.3, "other speakers are another question than other seeds"


def test_over_seeds_and_speakers_is_the_t_test_of_speakers_where_nothing_else_varies() -> None:
    worth = np.array([0.01, 0.03, 0.02, 0.05, 0.0])
    found = crossed_random_effects(np.tile(worth, (10, 1)))
    assert found.p == pytest.approx(stats.ttest_1samp(worth, 0).pvalue)
    assert found.between_units == pytest.approx(worth.std(ddof=1))
    low, high = stats.t.interval(0.95, 4, worth.mean(), stats.sem(worth))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_over_seeds_and_speakers_the_interval_covers_and_spread_is_found() -> None:
    rng = np.random.default_rng(8)
    found = [crossed_random_effects(grid(rng, 0.02, 0.05, 0.01)) for _ in range(1500)]
    assert np.mean([f.low <= 0.01 <= f.high for f in found]) == pytest.approx(0.95, abs=0.025)
    assert np.sqrt(np.mean([f.between_units**2 for f in found])) == pytest.approx(0.05, rel=0.1)
    assert np.isnan(crossed_random_effects(np.zeros((1, 5))).p)


def table_of(rng: np.random.Generator, differences: np.ndarray) -> pd.DataFrame:
    """Return comparisons in which the Gaussian differs so on five speakers, and two other windows do not."""
    seeds, speakers = differences.shape
    base = 0.5 + rng.normal(0, 0.05, (seeds, 1)) + rng.normal(0, 0.08, (1, speakers))
    values = {"exponential": base, "gaussian": base + differences}
    values |= {name: base + grid(rng, 0.02, 0.03) for name in ("bump", "uniform")}
    return compared(
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
    least = minimum_detectable_difference(float(error), 5, 0.05 / 3)
    none, some, studies = 0, 0, 150
    for _ in range(studies):
        null = table_of(rng, grid(rng, 0.02, 0.03))
        none += (null["p_corrected"] <= 0.05).any()
        true = table_of(rng, grid(rng, 0.02, 0.03, least)).set_index("window")
        some += true.loc["gaussian", "p_corrected"] <= 0.05
    assert 0.01 <= none / studies <= 0.09
    assert some / studies == pytest.approx(0.8, abs=0.1)


def test_folds_are_compared_over_speakers_and_a_seed_that_lacks_one_is_left_out() -> None:
    rng = np.random.default_rng(9)
    rows: list[dict[str, object]] = [
        {"variant": variant, "seed": seed, "held": held, "accuracy": 0.6 + hard + worth + rng.normal(0, 0.01)}
        for seed in range(6)
        for held, luck, hard in (("ann", 0.2, 0.0), ("ben", -0.1, -0.3), ("cy", 0.0, 0.0))
        for variant, worth in (("exponential", 0.0), ("gaussian", luck))
    ]
    table = compared(rows).set_index("window")
    row = table.loc["gaussian"]
    assert row["seeds_p"] < 0.05, "these speakers"
    assert row["p_corrected"] > 0.5, "any speakers"
    assert row["difference_low"] < row["seeds_low"]
    assert (row["units"], row["scored_on"], row["seeds"]) == ("speakers", 3, 6)
    gone = [row for row in rows if row["seed"] or row["held"] != "ben"]
    assert compared(gone)["seeds"].tolist() == [5, 5], "a run that isn't there"
    for failed in (lambda seed: seed < 3, lambda seed: True):
        broken = [
            row | {"accuracy": None}
            if failed(row["seed"]) and (row["held"], row["variant"]) == ("ben", "gaussian")
            else row
            for row in rows
        ]
        left = compared(broken).set_index("window")
        count = sum(map(failed, range(6)))
        assert left.loc["gaussian", ["seeds", "paired", "failed"]].tolist() == [6 - count, 6 - count, count]
        assert left.loc["exponential", "seeds"] == 6
        if count < 6:
            assert left.loc["gaussian", "accuracy"] == pytest.approx(row["accuracy"], abs=0.02), "with the hard fold"
            assert left.loc["gaussian", "difference"] == pytest.approx(row["difference"], abs=0.02)
        else:
            assert left.loc["gaussian", ["accuracy", "difference", "p"]].isna().all()


SPEAKERS, WORDS, UTTERANCES, SEEDS = 2, 20, 10, 10


def on_one_test_part(rng: np.random.Generator, difference: float) -> tuple[pd.Series, np.ndarray]:
    """Return the Gaussian's comparison, and differences by seed and recording, of a study with a known difference.

    Each window has words, as a speaker says them, that it finds hard whatever the seed; utterances of them are alike.
    """
    pairs = SPEAKERS * WORDS
    base = rng.uniform(0.4, 0.6, pairs)
    rows, digits = [], {}
    for name, worth in (("exponential", 0.0), ("gaussian", difference)):
        chance = np.repeat(base + worth + rng.normal(0, 0.08, pairs), UTTERANCES)
        digits[name] = (rng.random((SEEDS, len(chance))) < chance).astype(int)
        for seed, right in enumerate(digits[name]):
            said = "".join(map(str, right))
            rows.append({"variant": name, "seed": seed, "held": "test", "accuracy": right.mean(), "right": said})
    speaker = np.repeat(["ann", "ben"], WORDS * UTTERANCES)
    word = np.tile(np.repeat([f"word {i}" for i in range(WORDS)], UTTERANCES), SPEAKERS)
    recordings = pd.DataFrame({"held": "test", "speaker": speaker, "word": word})
    found = compare(pd.DataFrame(rows), recordings, "exponential").set_index("window")
    assert (found[["units", "scored_on"]] == ["pairs of speaker and word", pairs]).all(axis=None)
    return found.loc["gaussian"], digits["gaussian"] - digits["exponential"]


def test_recordings_of_a_word_by_a_speaker_are_not_taken_for_independent() -> None:
    rng = np.random.default_rng(11)
    studies = [on_one_test_part(rng, 0.0) for _ in range(300)]
    for row, differences in studies[:3]:
        assert row["difference"] == pytest.approx(differences.mean())
    assert 0.02 <= np.mean([row["p"] <= 0.05 for row, _ in studies]) <= 0.085
    assert np.mean([row["seeds_p"] <= 0.05 for row, _ in studies]) > 0.2, "these very words"
    by_recording = np.mean(
        [crossed_random_effects(differences.astype(float)).p <= 0.05 for _, differences in studies[:100]]
    )
    assert by_recording > 0.2, "what the mistake would find"


def test_the_detectable_difference_that_a_study_states_is_found_by_four_of_five() -> None:
    rng = np.random.default_rng(12)
    stated = np.median([on_one_test_part(rng, 0.0)[0]["detectable"] for _ in range(40)])
    found = [on_one_test_part(rng, stated)[0] for _ in range(200)]
    assert np.mean([row["p_corrected"] <= 0.05 for row in found]) == pytest.approx(0.8, abs=0.08)
    covered = [row["difference_low"] <= stated <= row["difference_high"] for row in found]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.04)


def test_where_no_speakers_are_known_words_are_what_is_scored_and_another_number_of_recordings_is_noticed() -> None:
    rows = pd.DataFrame(
        [
            {"variant": name, "seed": seed, "held": "test", "accuracy": 0.5, "right": right}
            for seed in (1, 2, 3)
            for name, right in (("exponential", "1100"), ("gaussian", "0110"))
        ]
    )
    recordings = pd.DataFrame({"held": "test", "speaker": "0", "word": ["yes", "yes", "no", "no"]})
    table = compare(rows, recordings, "exponential")
    assert (table[["units", "scored_on"]] == ["words", 2]).all(axis=None)
    with pytest.raises(InputError, match=r"exponential, seed 1, has scored 4 recordings of test; there are 3"):
        compare(rows, recordings[:3], "exponential")
