"""Several processes that train one network, each with its own examples of every batch."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.errors import InputError

RANKS_VARIABLE = "SPOKEN_SPIKES_RANKS"
"""Set by the command that starts the processes, to their number."""


class Ranks:
    """What a process knows of the others; alone unless mlGeNN's communicator is given.

    Parameters
    ----------
    communicator : ml_genn.communicators.Communicator, optional
    """

    def __init__(self, communicator: Any = None) -> None:
        self.communicator = communicator
        self.rank = 0 if communicator is None else int(communicator.rank)
        self.count = 1 if communicator is None else int(communicator.num_ranks)

    @classmethod
    def here(cls) -> Ranks:
        """Return this process's place among those that were started together, or one that is alone.

        Raises
        ------
        InputError
            If mpi4py is missing, or as many processes as were wanted are not there.
        """
        wanted = int(os.environ.get(RANKS_VARIABLE, "1"))
        if wanted == 1:
            return cls()
        from ml_genn.communicators import MPI

        try:
            found = cls(MPI())
        except ImportError:
            raise InputError("training in several processes needs mpi4py and an MPI; pip install mpi4py") from None
        if found.count != wanted:
            raise InputError(
                f"{wanted} processes were wanted, MPI has {found.count}: mpi4py is another MPI's than mpirun"
            )
        return found

    def own(self, batch: SpikeBatch) -> SpikeBatch:
        """Return this process's examples of a batch: every ``count``-th."""
        if self.count == 1:
            return batch
        chosen = range(self.rank, len(batch), self.count)
        parts = [np.arange(batch.offsets[i], batch.offsets[i + 1]) for i in chosen]
        events = np.concatenate(parts) if parts else np.empty(0, np.int64)
        offsets = np.cumsum([0, *(len(part) for part in parts)])
        return SpikeBatch(batch.steps[events], batch.units[events], offsets, batch.labels[list(chosen)])

    def sum(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the sum over all processes; all must ask."""
        return values if self.communicator is None else np.asarray(self.communicator.reduce_sum(values))

    def spread(self, values: NDArray[Any], total: int) -> NDArray[Any]:
        """Return all processes' rows, shape (total, ...), of a batch in its order; all must ask."""
        if self.count == 1:
            return values
        full = np.zeros((total, *values.shape[1:]), values.dtype)
        full[self.rank :: self.count] = values
        return self.sum(full)
