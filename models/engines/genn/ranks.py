"""Several MPI processes ("ranks") that train one network, each with its own examples of every batch."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.entry import RANKS_VARIABLE
from models.errors import InputError


class Ranks:
    """The place of this process among those that train together; alone unless mlGeNN's communicator is given."""

    def __init__(self, communicator: Any = None) -> None:
        self.communicator = communicator
        self.rank = 0 if communicator is None else int(communicator.rank)
        self.count = 1 if communicator is None else int(communicator.num_ranks)

    @classmethod
    def here(cls) -> Ranks:
        """Return this process's place among those that were started together; alone if it was not started with others.

        Raises
        ------
        InputError
            If mpi4py is missing, or MPI has another number of processes than were started.
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
                f"{wanted} processes were started, MPI has {found.count}: mpi4py and mpirun belong to different MPIs"
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
        """Return the sum over all processes; all of them must call this."""
        return values if self.communicator is None else np.asarray(self.communicator.reduce_sum(values))

    def spread(self, values: NDArray[Any], total: int) -> NDArray[Any]:
        """Return the rows of all processes in the batch's order, shape (total, ...); all of them must call this."""
        if self.count == 1:
            return values
        full = np.zeros((total, *values.shape[1:]), values.dtype)
        full[self.rank :: self.count] = values
        return self.sum(full)
