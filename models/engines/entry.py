"""What the registry knows of an engine or a training method before anything heavy is imported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from models.engines.base import Engine
from models.initialisers import Initial
from models.methods.options import MethodOptions
from models.network import Weights
from models.problem import Problem


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report: what was examined, versions or the fault, and what to do where it fails.

    "absent" is what is not installed and need not be, "fails" what is installed and does not work.
    """

    what: str
    status: Literal["ok", "absent", "fails"]
    detail: str
    remedy: str = ""


RANKS_VARIABLE = "SPOKEN_SPIKES_RANKS"
"""Environment variable, set by the command that starts processes that train one network together, to their number."""


@dataclass(frozen=True)
class Place:
    """A process's place among those that train together: its number, from 0, and how many there are."""

    rank: int = 0
    count: int = 1


@dataclass(frozen=True)
class Resources:
    """What an engine may use; no result depends on it but by rounding.

    Attributes
    ----------
    threads : int
        Of a CPU; 0 takes all.
    device : str
        What the engine runs on, by the engine's own names; "auto" is its best one that is there.
    batch : int
        Examples of a training batch: how many may run at once.
    """

    threads: int = 0
    device: str = "auto"
    batch: int = 1


class Entry(ABC):
    """One way to train networks on one engine.

    Attributes
    ----------
    engine, method : str
        Names of the engine and the training method in configs.
    neurons : str
        What kind of neurons the trained network has: entries of the same kind can run each other's networks.
    devices : tuple of str
        What it can run on besides "auto".
    shares_batches : bool
        Whether several processes can train one network together.
    options : type of MethodOptions, or None
        The settings that the method has of its own; all of its engines have the same.
    title : str
        The engine's name in sentences.
    remedy, repair : str
        What to do where it is not available, and where it is available and does not work.
    """

    engine: ClassVar[str]
    method: ClassVar[str] = "eventprop"
    neurons: ClassVar[str] = "leaky integrate-and-fire"
    devices: ClassVar[tuple[str, ...]] = ()
    shares_batches: ClassVar[bool] = False
    options: ClassVar[type[MethodOptions] | None] = None
    title: ClassVar[str]
    remedy: ClassVar[str] = ""
    repair: ClassVar[str] = ""

    def available(self) -> str | None:
        """Return why it can't be used on this machine, or None."""
        return None

    @abstractmethod
    def refusal(self, problem: Problem) -> str | None:
        """Return what of a problem it can't do, as the end of a sentence that begins with its name, or None."""

    @abstractmethod
    def speed(self) -> int:
        """Return how fast it is here: of several that can do a problem, ``engine = "auto"`` takes the greatest."""

    def choose_device(self, wanted: str) -> str:
        """Return the device to use where ``wanted`` is asked for, or refuse a name that is none of its devices'."""
        return wanted

    def has(self, device: str) -> bool:
        """Return whether the installation includes a device's support."""
        return device == "auto" or device in self.devices

    def answers(self, device: str) -> bool:
        """Return whether a device is present and can be used."""
        return self.has(device)

    def examine(self) -> Iterator[Finding]:
        """Yield what of its requirements is installed, for a doctor's report."""
        yield from ()

    def shapes(self, problem: Problem) -> dict[str, tuple[int, ...]]:
        """Return the shape of every parameter: the network's, unless the method has another kind of networks.

        A length that depends on the data is `models.network.ANY`.
        """
        return problem.network.shapes

    def draw(self, problem: Problem, initial: Initial, seed: int | tuple[int, ...]) -> Weights:
        """Return the parameters that training begins with."""
        return initial.draw(problem.network, seed)

    @abstractmethod
    def make(self, problem: Problem, weights: Weights, resources: Resources) -> Engine:
        """Return the engine, with copies of the weights, which must fit the problem's network."""
