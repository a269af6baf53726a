"""`shd`: the Spiking Heidelberg Digits, twenty words (zero to nine in English and German) of twelve speakers.

8156 examples for training and 2264 for test; speakers 4 and 5 are in the test split only (Cramer et al.
2020).
"""

from __future__ import annotations

from pathlib import Path

from pipeline.data.datasets.base import Dataset, Entry, register
from pipeline.data.datasets.heidelberg import read_splits


def load(root: Path | None = None, *, progress: bool = True) -> Dataset:
    """Return SHD from the files in ``root`` or ``root/SHD``; see `read_splits` for parameters and errors."""
    splits = read_splits("SHD", ("train", "test"), root, progress)
    return Dataset("shd", splits["train"], splits["test"])


register(
    Entry(
        "shd",
        "Spiking Heidelberg Digits: 20 words, 12 speakers; downloaded if missing",
        load,
        folder="shd_train.h5 and shd_test.h5",
        classes=20,
    )
)
