"""What the engines that GeNN compiles share: parameters that are on the host, or on the device while it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from models.adam import Adam
from models.engines.genn.compiled import CompiledNetwork
from models.network import Weights

Compiled = TypeVar("Compiled", bound=CompiledNetwork)


class DeviceEngine(ABC, Generic[Compiled]):
    """An engine with a compiled network, built when it is first needed."""

    _weights: Weights
    _adam: Adam
    _compiled: Compiled | None = None

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
