"""Speaker and word of the recordings that a comparison scores, in the order of a run's ``right``."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.data.container import SpikeData
from pipeline.data.datasets import Dataset
from pipeline.data.splits import leave_one_speaker_out
from sweeps.jobs import TEST


def recordings(data: Dataset, loso: bool) -> pd.DataFrame:
    """Return the recordings that are scored: the test part, or those of every held-out speaker of the training part.

    The columns are held ("test", or the speaker), speaker, word.
    """
    if not loso:
        return _named(data.test, TEST)
    folds = leave_one_speaker_out(data.train)
    return pd.concat([_named(data.train.select(fold.held), fold.speaker) for fold in folds], ignore_index=True)


def _named(data: SpikeData, held: str) -> pd.DataFrame:
    speakers, words = np.array(data.speaker_names), np.array(data.classes)
    return pd.DataFrame({"held": held, "speaker": speakers[data.speakers], "word": words[data.labels]})
