"""What of some examples a run may be scored on: recordings that it has not learned from."""

from __future__ import annotations

import logging

import numpy as np

from models.errors import InputError
from pipeline.data.container import SpikeData
from pipeline.evaluation.trained import Trained

_log = logging.getLogger(__name__)


def unseen(trained: Trained, data: SpikeData, split: str) -> SpikeData:
    """Return the examples without those whose recordings the run has learned from, which a warning counts.

    A score on recordings that training has seen says nothing about new ones. Nor does one on the recordings that chose
    the epoch, but of the validation part it is asked for. The training part comes back as it is; a warning counts what
    of it is new to the run.

    Parameters
    ----------
    split : str
        "train" and "validation" are the run's own parts; anything else is to be new to it.

    Raises
    ------
    InputError
        If the run has learned from all of them.
    """
    learned, run = trained.learned, trained.run.folder
    if learned is None:
        if split != "train":
            _log.warning(
                "%s was trained by a version that did not keep which recordings it learned from, and the data are not "
                "those of its training: some of the %s part may have been among them.",
                run,
                split,
            )
        return data
    if split == "train":
        new = int(np.count_nonzero(~learned.used(data.identities, chosen=False)))
        if new:
            _log.warning("%s has not learned from %d of the %d recordings of the train part.", run, new, len(data))
        return data
    used = learned.used(data.identities, chosen=split != "validation")
    count = int(np.count_nonzero(used))
    if not count:
        return data
    how = "learned from" if split == "validation" else "learned from or chose its epoch by"
    if count == len(data):
        raise InputError(
            f"{run} has {how} all {count} recordings of what is now the {split} part, so that a score "
            "on them would say nothing about new ones; restore the data of its training, or train anew"
        )
    text = "%s has %s %d of the %d recordings of the %s part; they are left out of the score."
    _log.warning(text, run, how, count, len(data), split)
    return data.select(np.flatnonzero(~used))
