"""The Spiking Speech Commands: 35 English words of many speakers, with a validation split of their own.

75466 examples for training, 9981 for validation and 20382 for test (Cramer et al. 2020).
"""

from __future__ import annotations

from pathlib import Path

from tonic.datasets import SSC

from pipeline.data.datasets import Dataset
from pipeline.data.datasets.heidelberg import read_splits


def load(root: Path | None = None, *, progress: bool = True) -> Dataset:
    """Return SSC from ``ssc_train.h5``, ``ssc_valid.h5`` and ``ssc_test.h5`` in ``root`` or ``root/SSC``.

    What isn't there is downloaded; ``progress`` shows how far that is.

    Raises
    ------
    InputError
        If a file is neither there nor to be had, or bad.
    """
    splits = read_splits(SSC, ("train", "valid", "test"), root, progress)
    return Dataset("ssc", splits["train"], splits["test"], splits["valid"])
