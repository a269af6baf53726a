"""`ssc`: the Spiking Speech Commands, 35 English words of many speakers, with a validation split of their own.

75466 examples for training, 9981 for validation and 20382 for test (Cramer et al. 2020).
"""

from __future__ import annotations

from pathlib import Path

from pipeline.data.datasets.base import Dataset, Entry, register
from pipeline.data.datasets.heidelberg import read_splits


def load(root: Path | None = None, *, progress: bool = True) -> Dataset:
    """Return SSC from the files in ``root`` or ``root/SSC``; see `read_splits` for parameters and errors."""
    splits = read_splits("SSC", ("train", "valid", "test"), root, progress)
    return Dataset("ssc", splits["train"], splits["test"], splits["valid"])


register(
    Entry(
        "ssc",
        "Spiking Speech Commands: 35 words, many speakers; downloaded if missing",
        load,
        folder="ssc_train.h5, ssc_valid.h5 and ssc_test.h5",
        classes=35,
    )
)
