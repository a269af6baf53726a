"""A shift alone is done on the way to the time grid: the batches are those of shifted examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.config import load_config
from pipeline.data.augmentation import Augmentation, augmented, shifts
from pipeline.training.batches import on_grid, training_batches
from pipeline.training.examples import load_dataset


@pytest.mark.parametrize("shift", [0, 30, 400])
def test_batches_are_those_of_shifted_examples(shift: int, words_config: Path) -> None:
    overrides = [f"augmentation.shift={shift}", "augmentation.blend=0.0", "data.dt=0.5"]
    config = load_config(words_config, overrides)
    data = load_dataset(config).train
    for epoch in (0, 3):
        order = np.random.default_rng([config.seed, 1, epoch]).permutation(len(data))
        batches = list(training_batches(data, config, epoch))
        moved = augmented(data, Augmentation(shift=shift), config.seed, epoch, order)
        whole = on_grid(moved, config)
        for name in ("steps", "units", "labels"):
            np.testing.assert_array_equal(np.concatenate([getattr(b, name) for b in batches]), getattr(whole, name))
        np.testing.assert_array_equal(np.concatenate([np.diff(b.offsets) for b in batches]), np.diff(whole.offsets))


def test_other_augmentations_take_the_long_way() -> None:
    order = np.arange(3)
    assert shifts(Augmentation(shift=3, drop=0.1), 1, 0, order) is None
    assert shifts(Augmentation(), 1, 0, order) is not None
