"""The weights that carry the outputs' errors to hidden neurons."""

from __future__ import annotations

import zlib

import numpy as np

from models.engines.cpu.memory import aligned
from models.methods.eprop.cpu.arguments import Floats
from models.methods.eprop.options import Feedback as Kind

_STREAM = zlib.crc32(b"feedback")


class Feedback:
    """Feedback weights; see `EpropOptions`.

    Random ones are the same for every run, but for their scale: the root mean square of the output weights when
    training begins, as in the authors' code both are drawn alike where the feedback is adaptive.

    Parameters
    ----------
    kind : {"symmetric", "random", "adaptive"}
    weights : ndarray of float32, shape (hidden, classes)
        The output weights.

    Attributes
    ----------
    matrix : ndarray of float32, shape (classes, hidden)
        As the kernels take it.
    """

    def __init__(self, kind: Kind, weights: Floats) -> None:
        self.kind, self.matrix = kind, aligned(weights.shape[::-1])
        if kind == "symmetric":
            self.matrix[:] = weights.T
        else:
            scale = float(np.sqrt(np.mean(np.square(weights, dtype=np.float64)))) or len(weights) ** -0.5
            self.matrix[:] = scale * np.random.default_rng(_STREAM).standard_normal(weights.shape).T

    def follow(self, before: Floats, after: Floats, decay: float) -> None:
        """Follow a step of the output weights.

        Parameters
        ----------
        before, after : ndarray of float32, shape (hidden, classes)
        decay : float
            Fraction of themselves that the weights lost in the step.
        """
        if self.kind == "symmetric":
            self.matrix[:] = after.T
        elif self.kind == "adaptive":
            self.matrix += (after - before + np.float32(decay) * before).T - np.float32(decay) * self.matrix
