"""The settings of conversion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.methods.ann.options import NumbersOptions


@dataclass(frozen=True)
class ConversionOptions(NumbersOptions):
    """Those of a perceptron of numbers, and how it becomes a spiking network.

    Attributes
    ----------
    steps : int
        Time steps for which the spiking network sees an example's numbers.
    input : {"constant", "poisson"}
        Whether the numbers are a constant current, or each a random spike train of that rate and sign: it spikes in a
        step with probability abs(x) / scale, where the scale is the ``percentile`` of training examples' numbers.
        The random numbers are the same in every evaluation.
    scaling : {"data", "threshold"}
        What a spike of a layer stands for, the layer's scale: by data normalisation a percentile of its outputs over
        training examples; by threshold balancing the greatest input that any of its neurons has in any step of the
        spiking network (Sengupta et al. 2019), which is greater where spikes from below come together.
    percentile : float
        Of data normalisation. 100 is the greatest output (Diehl et al. 2015); with less, 99.9 for example, single great
        outputs don't make all others' rates small (Rueckauer et al. 2017), and are cut off. Threshold balancing is
        always by the greatest, of the input's scale too.
    """

    kind: Literal["conversion"] = field(default="conversion", kw_only=True, repr=False)
    steps: int = 100
    input: Literal["constant", "poisson"] = "constant"
    scaling: Literal["data", "threshold"] = "data"
    percentile: float = 99.9

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        super().__post_init__()
        require(self.steps >= 1, "conversion", "steps", self.steps, "at least 1")
        require(0 < self.percentile <= 100, "conversion", "percentile", self.percentile, "above 0 and at most 100")
