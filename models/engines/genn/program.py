"""What code is generated for: a problem, a backend, and the sizes of its buffers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.engines.genn.available import Backend, version_of
from models.network import Network
from models.problem import Problem


@dataclass(frozen=True)
class Program:
    """A problem on a backend.

    Attributes
    ----------
    lanes : int
        Examples that run at once.
    capacity : int
        Spikes of one neuron in two consecutive trials that the tape has room for; 0 for methods without a tape.
    """

    problem: Problem
    backend: Backend
    lanes: int
    capacity: int = 0

    @property
    def network(self) -> Network:
        """The network that is compiled."""
        return self.problem.network

    @property
    def window(self) -> NDArray[np.float32]:
        """Weight of each step in the readout's mean over the trial, shape (steps,)."""
        return self.problem.loss.readout.table(self.problem.steps) / np.float32(self.problem.steps)


def code_key(*what: object) -> str:
    """Return a name for generated code that depends on ``what`` and on GeNN's version: twenty hexadecimal digits."""
    text = " ".join([*map(str, what), version_of("pygenn"), version_of("ml_genn")])
    return hashlib.sha256(text.encode()).hexdigest()[:20]
