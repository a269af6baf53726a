"""The settings of second-generation networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.methods.frames import Compression, Normalisation
from models.methods.options import MethodOptions

Architecture = Literal["perceptron", "cnn", "gru"]


@dataclass(frozen=True)
class NumbersOptions(MethodOptions):
    """Which network, and what of the events it sees.

    Of the config's other sections it takes network.hidden, loss.smoothing and loss.temperature. What these sections say
    of spiking neurons is not used: time constants, thresholds, delay lines, recurrence, initial values, the readout's
    window and scale, and the regulariser.

    Attributes
    ----------
    architecture : {"perceptron", "cnn", "gru"}
        Layers of network.hidden rectified units, each connected to all units below; a convolutional network of
        depthwise-separable blocks (Zhang et al. 2017), whose size is that of ``channels`` and ``blocks``; or one layer
        of network.hidden gated recurrent units (Cho et al. 2014), whose mean over the frames is read out.
    frames : int
        The trial is divided into so many frames in time.
    bands : int
        The input's channels are divided into so many bands.
    compression : {"root", "log"}
        Of the number n of events in a frame and band: sqrt(n) or ln(1 + n).
    normalisation : {"example", "none"}
        Whether an example's numbers are shifted and scaled to mean 0 and deviation 1. No other example matters to that.
    dropout : float
        Fraction of the units whose output is 0 during an update, another choice for each example and update: of each
        hidden layer of the perceptron, of what is read out of the others (Srivastava et al. 2014).
    channels, blocks : int
        Of the convolutional network.
    """

    architecture: Architecture = "perceptron"
    frames: int = 35
    bands: int = 20
    compression: Compression = "root"
    normalisation: Normalisation = "example"
    dropout: float = 0.2
    channels: int = 64
    blocks: int = 4

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        for name in ("frames", "bands", "channels", "blocks"):
            require(getattr(self, name) >= 1, self.kind, name, getattr(self, name), "at least 1")
        require(0 <= self.dropout < 1, self.kind, "dropout", self.dropout, "at least 0 and below 1")


@dataclass(frozen=True)
class AnnOptions(NumbersOptions):
    """Those of a network of numbers."""

    kind: Literal["ann"] = field(default="ann", kw_only=True, repr=False)
