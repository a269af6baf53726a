"""The Spiking Heidelberg Digits: twenty words, zero to nine in English and German, of twelve speakers.

8156 examples for training and 2264 for test; speakers 4 and 5 are in the test split only (Cramer et al.
2020).
"""

from __future__ import annotations

from pathlib import Path

from tonic.datasets import SHD

from pipeline.data.datasets import Dataset
from pipeline.data.datasets.heidelberg import read_splits


def load(root: Path | None = None, *, progress: bool = True) -> Dataset:
    """Return SHD from ``shd_train.h5`` and ``shd_test.h5`` in ``root`` or ``root/SHD``.

    What isn't there is downloaded; ``progress`` shows how far that is.

    Raises
    ------
    InputError
        If a file is neither there nor to be had, or bad.
    """
    splits = read_splits(SHD, ("train", "test"), root, progress)
    return Dataset("shd", splits["train"], splits["test"])
