"""What the generated code of a network depends on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from models.engines.genn.available import Backend, version_of
from models.network import Network


@dataclass(frozen=True)
class Program:
    """Everything that the generated code depends on; weights, window and learning rate change none of it.

    Attributes
    ----------
    network : Network
    dt : float
        Step in ms.
    steps : int
        Steps of a trial.
    least_slope : float
        See `models.problem.Problem`.
    backend : str
    lanes : int
        Examples that run at once.
    capacity : int
        Spikes of one neuron in two consecutive trials that the tape has room for.
    """

    network: Network
    dt: float
    steps: int
    least_slope: float
    backend: Backend
    lanes: int
    capacity: int

    @property
    def key(self) -> str:
        """A name for the code: twenty hexadecimal digits."""
        return code_key(self)


def code_key(*what: object) -> str:
    """Return a name for generated code that depends on ``what`` and on GeNN's version: twenty hexadecimal digits."""
    text = " ".join([*map(str, what), version_of("pygenn"), version_of("ml_genn")])
    return hashlib.sha256(text.encode()).hexdigest()[:20]
