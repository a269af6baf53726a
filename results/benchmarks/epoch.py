"""Time of an epoch, with loading, augmentation and discretisation, beside that of the engine alone."""

from __future__ import annotations

import statistics
from functools import partial

import numpy as np

from pipeline.config import Config
from pipeline.data.container import SpikeData
from pipeline.training.batches import training_batches
from results.benchmarks.ours import engine, seconds_of
from results.benchmarks.shd_shaped import CASES, DT, LEARNING_RATE, Shape
from results.benchmarks.table import Row

NAME = "epoch"
TITLE = "One training epoch through the pipeline and in the engine alone, medians over epochs"
COLUMNS = {
    "case": "case",
    "threads": "threads",
    "seconds": "epoch (s)",
    "seconds_of_the_engine_alone": "engine alone (s)",
    "times_the_engine_alone": "ratio",
    "times_wanted": "ratio wanted",
}
WANTED = 1.1
"""Upper bound of the ratio that is wanted."""


def run(
    quick: bool = False, case: str = "A", shape: Shape | None = None, examples: int = 2048, repeats: int = 5
) -> list[Row]:
    """Train epochs through the pipeline and on the same batches made beforehand, in turns; return one row.

    The ratio is the median over epochs. Quick: an eighth of the examples, two repetitions.
    """
    sizes = shape or CASES[case]
    examples, repeats = (max(1, examples // 8), 2) if quick else (examples, repeats)
    settings = {
        "name": "bench",
        "data": {"dataset": "shd", "trial": sizes.steps * DT, "dt": DT},
        "augmentation": {"shift": 40},
        "training": {"batch": sizes.batch},
    }
    data, config, own = random_events(sizes, examples), Config.model_validate(settings), engine(sizes)
    whole, alone = [], []
    for epoch in range(repeats + 1):
        beforehand = list(training_batches(data, config, epoch))
        alone.append(seconds_of(partial(own.train_epoch, beforehand, LEARNING_RATE)))
        whole.append(seconds_of(partial(own.train_epoch, training_batches(data, config, epoch), LEARNING_RATE)))
    # The first epoch was the warm-up.
    del whole[0], alone[0]
    return [
        {
            "measured": "an epoch of the pipeline",
            "case": case,
            "seconds": statistics.median(whole),
            "seconds_of_the_engine_alone": statistics.median(alone),
            "times_the_engine_alone": statistics.median(w / a for w, a in zip(whole, alone, strict=True)),
            "times_wanted": WANTED,
            "threads": str(own.threads),
            "note": f"{sizes}; {examples} examples, shift augmentation; median of {repeats} epochs",
        }
    ]


def random_events(shape: Shape, examples: int) -> SpikeData:
    """Return examples of random events in a data set's container."""
    rng = np.random.default_rng(2)
    times = np.sort(rng.random((examples, shape.events), dtype=np.float32) * np.float32(shape.steps * DT), axis=1)
    return SpikeData(
        times=times.ravel(),
        units=rng.integers(0, shape.channels, times.size, dtype=np.uint16),
        offsets=np.arange(examples + 1, dtype=np.int64) * shape.events,
        labels=rng.integers(0, shape.classes, examples),
        speakers=np.zeros(examples, dtype=np.int64),
        classes=tuple(str(k) for k in range(shape.classes)),
        speaker_names=("nobody",),
        channels=shape.channels,
    )
