"""What the engines that GeNN compiles share: parameters that are on the device while the compiled network is loaded."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.engines.base import Engine
from models.engines.entry import Entry
from models.engines.genn.compiled import CompiledNetwork
from models.errors import InputError
from models.network import Weights
from models.problem import Problem

Compiled = TypeVar("Compiled", bound=CompiledNetwork)


class DeviceEngine(Engine, Generic[Compiled]):
    """An engine with a compiled network, which is built when it is first needed.

    Raises
    ------
    InputError
        If weights do not fit the network, or the engine can't do what the problem asks for.
    """

    entry: ClassVar[Entry]
    _compiled: Compiled | None = None

    def __init__(self, problem: Problem, weights: Weights) -> None:
        reason = self.entry.refusal(problem)
        if reason is not None:
            raise InputError(f'engine "{self.entry.engine}", method "{self.entry.method}": {reason}')
        super().__init__(problem, weights)

    @abstractmethod
    def _build(self) -> Compiled:
        """Return the network, compiled, with this engine's parameters."""

    @property
    def _running(self) -> Compiled:
        """The compiled network."""
        if self._compiled is None:
            self._compiled = self._build()
            self._push()
        return self._compiled

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return parameters, Adam's moments and its step count; copies.

        Training continues from exactly what is returned: the device has delays in steps, whose rounding differs.
        """
        state = super().state()
        self._push()
        return state

    def close(self) -> None:
        """Unload the generated code; the engine builds it again when it is used again."""
        if self._compiled is not None:
            self._pull()
            self._compiled.close()
            self._compiled = None

    def _push(self) -> None:
        """Bring parameters and moments to the device."""
        if self._compiled is None:
            return
        for name in self._compiled.parameters:
            self._compiled.write_parameter(name, self._weights[name])
            self._compiled.set_moments(name, self._adam.first[name], self._adam.second[name])
        self._compiled.set_neuron_parameters(self._weights)

    def _pull(self) -> None:
        """Fetch parameters and moments from the device."""
        if self._compiled is None:
            return
        for name in self._compiled.parameters:
            self._weights[name] = self._compiled.read_parameter(name)
            self._adam.first[name], self._adam.second[name] = self._compiled.moments(name)

    def _read_weights(self, name: str) -> NDArray[np.float32]:
        return self._running.read_parameter(name)

    def _write_weights(self, name: str, weights: NDArray[np.float32]) -> None:
        self._running.write_parameter(name, weights)
