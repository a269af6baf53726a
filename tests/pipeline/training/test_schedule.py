"""Learning rates: what they are at the ends, how they get there, and that nothing else enters into them."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import TrainingConfig
from pipeline.training.schedule import WARMUP_FROM, batch_rates, epoch_rate, plateaus

SCORES = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 4)), max_size=40)
"""Accuracies in fourths and losses: few enough of each for many to be the same."""


def rows_of(scores: list[tuple[int, int]]) -> list[dict[str, Any]]:
    rows = []
    for epoch, (right, loss) in enumerate(scores, start=1):
        # What training makes of it must not matter.
        rows.append({"epoch": epoch, "split": "train", "loss": 1 / epoch, "accuracy": 1 - 1 / epoch})
        rows.append({"epoch": epoch, "split": "validation", "loss": loss / 3, "accuracy": right / 4})
    return rows


def seen(config: TrainingConfig, epochs: int, batches: int, rows: list[dict[str, Any]] | None = None) -> np.ndarray:
    """The rate of every batch, shape (epochs, batches)."""
    found = []
    for epoch in range(epochs):
        rate = batch_rates(config, epoch, rows or [], batches)
        found.append([rate(i) if callable(rate) else rate for i in range(batches)])
    return np.array(found)


@given(rate=st.floats(1e-5, 1.0), epochs=st.integers(2, 300))
def test_cosine_falls_from_the_rate_to_almost_nothing(rate: float, epochs: int) -> None:
    """Rates that mirror each other add up to the first one up to rounding; the others differ by more than rounding."""
    config = TrainingConfig(learning_rate=rate, epochs=epochs, schedule="cosine")
    rates = [epoch_rate(config, epoch, []) for epoch in range(epochs)]
    assert rates[0] == rate
    assert all(a > b > 0 for a, b in itertools.pairwise(rates))
    assert rates[-1] <= rate * (np.pi / (2 * epochs)) ** 2
    np.testing.assert_allclose(np.add(rates, [rate, *rates[:0:-1]])[1:], rate, rtol=1e-9)


@given(rate=st.floats(1e-5, 1.0), scores=SCORES)
def test_constant_is_the_same_whatever_happens(rate: float, scores: list[tuple[int, int]]) -> None:
    config = TrainingConfig(learning_rate=rate)
    assert batch_rates(config, len(scores), rows_of(scores), 7) == rate


@given(
    warmup_epochs=st.floats(0.01, 4.0),
    batches=st.integers(1, 60),
    schedule=st.sampled_from(["constant", "cosine", "plateau"]),
)
def test_an_ease_in_rises_to_the_full_rate_exactly_at_its_end(
    warmup_epochs: float, batches: int, schedule: Any
) -> None:
    """Exactly the full rate from the end on; the ratio of two batches' rates is the same up to rounding."""
    epochs = 6
    config = TrainingConfig(learning_rate=0.02, epochs=epochs, schedule=schedule, warmup_epochs=warmup_epochs)
    full = np.repeat([[epoch_rate(config, epoch, [])] for epoch in range(epochs)], batches, axis=1)
    fraction = (seen(config, epochs, batches) / full).ravel()
    over = np.arange(epochs * batches) >= warmup_epochs * batches
    assert np.all(fraction[over] == 1)
    assert fraction[0] == pytest.approx(WARMUP_FROM)
    rising = fraction[: np.argmax(over) + 1]
    assert np.all(np.diff(rising) > 0)
    # Geometric: every batch multiplies by the same, but for the last, which may be cut short.
    ratios = rising[1:-1] / rising[:-2]
    np.testing.assert_allclose(ratios, WARMUP_FROM ** (-1 / (warmup_epochs * batches)), rtol=1e-9)


def test_without_an_ease_in_or_after_it_a_rate_is_a_number() -> None:
    config = TrainingConfig(warmup_epochs=1.5)
    assert callable(batch_rates(config, 1, [], 4))
    assert batch_rates(config, 2, [], 4) == config.learning_rate
    assert batch_rates(TrainingConfig(), 0, [], 4) == config.learning_rate


def test_an_ease_in_as_long_as_mlgenn_s_rises_as_fast() -> None:
    """From a thousandth by 5 % a batch: 142 of SHD's 255 batches."""
    batches = 255
    config = TrainingConfig(learning_rate=1e-3, warmup_epochs=np.log(1000) / np.log(1.05) / batches)
    rates = seen(config, 1, batches)[0]
    np.testing.assert_allclose(rates, np.minimum(1e-6 * 1.05 ** np.arange(batches), 1e-3), rtol=1e-9)


def test_a_plateau_falls_by_the_factor_after_so_many_epochs_without_a_better_validation() -> None:
    config = TrainingConfig(learning_rate=0.8, schedule="plateau", plateau_patience=3, plateau_factor=0.5)
    #         better       three that are not         better: smaller loss   three more            and three
    scores = [(2, 3), (2, 3), (1, 1), (2, 4), (2, 2), (2, 2), (0, 1), (1, 1), (2, 3), (1, 1), (1, 1), (3, 3)]
    rates = [epoch_rate(config, n, rows_of(scores[:n])) for n in range(len(scores) + 1)]
    assert rates == [0.8] * 4 + [0.4] * 4 + [0.2] * 3 + [0.1] * 2


@given(scores=SCORES, patience=st.integers(1, 6))
def test_plateaus_are_those_of_waiting_anew(scores: list[tuple[int, int]], patience: int) -> None:
    """Between two better validations, n epochs hold n // patience of them."""
    values = [(right, -loss) for right, loss in scores]
    better = [i for i, v in enumerate(values) if all(v > other for other in values[:i])]
    waits = [b - a - 1 for a, b in itertools.pairwise([*better, len(values)])]
    assert plateaus(rows_of(scores), patience) == sum(wait // patience for wait in waits)


@given(scores=SCORES, patience=st.integers(1, 6))
def test_it_never_rises_and_holds_for_one_epoch_more_at_a_time(scores: list[tuple[int, int]], patience: int) -> None:
    found = [plateaus(rows_of(scores[:n]), patience) for n in range(len(scores) + 1)]
    assert set(np.diff(found)) <= {0, 1}


@given(scores=SCORES, warmup_epochs=st.floats(0, 3), schedule=st.sampled_from(["constant", "cosine", "plateau"]))
def test_rows_that_went_through_a_checkpoint_give_the_same_bits(
    scores: list[tuple[int, int]], warmup_epochs: float, schedule: Any
) -> None:
    config = TrainingConfig(learning_rate=0.013, schedule=schedule, warmup_epochs=warmup_epochs, plateau_patience=2)
    rows = rows_of(scores)
    kept = json.loads(json.dumps(rows))
    one, other = (batch_rates(config, len(scores), r, 5) for r in (rows, kept))
    assert callable(one) == callable(other)
    if callable(one) and callable(other):
        assert [one(i) for i in range(5)] == [other(i) for i in range(5)]
    else:
        assert one == other
