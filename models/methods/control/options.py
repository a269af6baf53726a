"""The settings of the controls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.methods.frames import Compression, Normalisation
from models.methods.options import MethodOptions


@dataclass(frozen=True)
class ControlOptions(MethodOptions):
    """Which classifier, and what it sees of the events.

    Of the config's other sections only data and augmentation matter. One epoch is enough: the classifier is fitted anew
    at the end of each, to that epoch's examples, which differ from one to the next only by augmentation.

    Attributes
    ----------
    classifier : {"logistic", "svm"}
        Multinomial logistic regression with an L2 penalty, or a support vector machine with a radial kernel.
    features : {"counts", "latencies"}
        Events counted by frame and band, or the values of a latency code; see `models.methods.latency`.
    C : float
        Weight of the training examples against the penalty; scikit-learn's C.
    gamma : float
        svm: the kernel is exp(-gamma / features * |x - y|^2). 1 is what scikit-learn calls gamma = "scale" where no
        feature is constant.
    frames, bands : int
        counts: into so many the trial and the channels are divided.
    compression, normalisation : str
        counts: see `models.methods.frames`. Thereafter every feature is shifted and scaled to mean 0 and deviation 1
        over the training examples.
    """

    classifier: Literal["logistic", "svm"] = "logistic"
    features: Literal["counts", "latencies"] = "counts"
    C: float = 1.0
    gamma: float = 1.0
    frames: int = 35
    bands: int = 20
    compression: Compression = "root"
    normalisation: Normalisation = "example"

    kind: Literal["control"] = field(default="control", kw_only=True, repr=False)

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        for name in ("C", "gamma"):
            require(getattr(self, name) > 0, self.kind, name, getattr(self, name), "above 0")
        for name in ("frames", "bands"):
            require(getattr(self, name) >= 1, self.kind, name, getattr(self, name), "at least 1")
