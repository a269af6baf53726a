"""Sections about the network."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from models.errors import InputError
from models.initialisers import Initial
from models.network import DelayLine, Synapses
from models.problem import SpikeTimes
from pipeline.config.base import Positive, Section, completed

TimeConstants = Literal["shared", "fixed", "trained"]


class ConnectionsConfig(Section):
    """The synapses of all connections; feedforward ones are those between hidden layers."""

    input: Synapses = Synapses()
    recurrent: Synapses = Synapses()
    feedforward: Synapses = Synapses()
    output: Synapses = Synapses()


class NetworkConfig(Section):
    """The hidden layers, the readout, and how they are connected."""

    hidden: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (256,)
    """Neurons of each hidden layer; a single number is one layer."""
    recurrent: tuple[bool, ...] = (True,)
    """Whether each hidden layer is connected to itself; a single value holds for all."""
    tau_mem: Positive = 20.0
    tau_syn: Positive = 5.0
    time_constants: TimeConstants = "shared"
    """Whether all hidden neurons have these time constants, or each its own, and whether those are learned."""
    threshold: Positive = 1.0
    bias: bool = False
    """Whether each hidden neuron has a constant current of its own, which is learned."""
    output_tau_mem: Positive = 20.0
    output_tau_syn: Positive = 5.0
    output_time_constants: TimeConstants = "shared"
    output_bias: bool = False
    spike_times: SpikeTimes = "plain"
    """Whether a spike's time is that of its step or interpolated within it."""
    delay_line: DelayLine = DelayLine()
    synapses: ConnectionsConfig = ConnectionsConfig()
    initial: Annotated[Initial, completed(Initial())] = Initial()

    @model_validator(mode="before")
    @classmethod
    def _list_layers(cls, fields: Any) -> Any:
        """Let one number be one layer, and one truth value all layers'."""
        if not isinstance(fields, dict):
            return fields
        hidden, recurrent = fields.get("hidden", 256), fields.get("recurrent", True)
        layers = hidden if isinstance(hidden, list | tuple) else [hidden]
        each = recurrent if isinstance(recurrent, list | tuple) else [recurrent] * len(layers)
        return {**fields, "hidden": layers, "recurrent": each}

    @model_validator(mode="after")
    def _match_layers(self) -> NetworkConfig:
        if len(self.recurrent) != len(self.hidden):
            raise InputError(
                f"network.recurrent has {len(self.recurrent)} values; network.hidden has {len(self.hidden)}"
            )
        return self
