"""Which recordings a run has learned from, by their content: what it may not be scored on."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from pipeline.data.container import known_in
from pipeline.training.checkpoint import Damaged, read_arrays
from pipeline.training.examples import Parts
from pipeline.training.run import Run

FILE = "recordings.npz"
"""In a run's folder."""

Identities = NDArray[np.uint64]


@dataclass(frozen=True)
class Learned:
    """The identities of recordings, see `SpikeData.identities`, ascending.

    Attributes
    ----------
    training : ndarray of uint64
        What the weights were learned from.
    validation : ndarray of uint64
        What chose the epoch, and perhaps the learning rate.
    """

    training: Identities
    validation: Identities

    @classmethod
    def of(cls, parts: Parts) -> Learned:
        """Return what a run learns from that is trained on these parts."""
        chose = parts.validation
        none = np.empty(0, dtype=np.uint64)
        return cls(np.unique(parts.training.identities), none if chose is None else np.unique(chose.identities))

    @classmethod
    def read(cls, run: Run) -> Learned | None:
        """Read what a run has learned from; None where it was trained by a version that did not keep it.

        Raises
        ------
        InputError
            If the file is damaged.
        """
        path = run.folder / FILE
        if not path.exists():
            return None
        try:
            arrays = read_arrays(path)
            parts = [arrays.get(name, np.empty(0)) for name in ("training", "validation")]
            if any(part.dtype != np.uint64 or part.ndim != 1 for part in parts):
                raise Damaged("its arrays are no identities")
        except Damaged as error:
            raise InputError(
                f"{path}, which says what the run learned from, is damaged ({error}); remove it, and "
                "the command that trained the run writes it again"
            ) from None
        return cls(*(part.astype(np.uint64) for part in parts))

    def write(self, run: Run) -> None:
        """Keep this in a run's folder."""
        buffer = io.BytesIO()
        np.savez(buffer, training=self.training, validation=self.validation)
        run.write(FILE, buffer.getbuffer())

    def used(self, identities: Identities, chosen: bool = True) -> NDArray[np.bool_]:
        """Return which recordings were learned from or, if ``chosen``, chose the epoch."""
        mask = known_in(identities, self.training)
        return mask | known_in(identities, self.validation) if chosen else mask
