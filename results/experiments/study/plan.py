"""What the study trains: four windows, as many settings tried of each, then seeds and folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from results.experiments.comparison.variants import Variant

REFERENCE = "exponential"
"""The published window: all others are compared with it."""

_SHAPE = "loss.window.shape"

GAINS = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Gains of the logits that are tried where a window has nothing else to choose, as multiples of a plan's."""

FEW_GAINS = (0.4, 1.0, 2.0)
PLACES = {
    "gaussian": ((0.1, 0.15), (0.1, 0.3), (0.2, 0.2), (0.35, 0.25)),
    "bump": ((0.0, 0.1), (0.0, 0.2), (0.1, 0.1), (0.1, 0.2)),
}
"""Centre and width, fractions of the trial, each of which is tried with each of the few gains."""

LATE_PLACES = {
    "gaussian": ((0.2, 0.2), (0.35, 0.2), (0.5, 0.2), (0.5, 0.35)),
    "bump": ((0.1, 0.2), (0.2, 0.2), (0.35, 0.2), (0.5, 0.2)),
}


def settings(gain: float, late: bool) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Return as many settings of every window, of which validation chooses one; see `Plan`."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {
        window: tuple((f"{_SHAPE}={window}", f"loss.scale={round(gain * g, 9)}") for g in GAINS)
        for window in ("exponential", "uniform")
    }
    for window, places in (LATE_PLACES if late else PLACES).items():
        found[window] = tuple(
            (
                f"{_SHAPE}={window}",
                f"loss.window.mu={mu}",
                f"loss.window.sigma={sigma}",
                f"loss.scale={round(gain * g, 9)}",
            )
            for mu, sigma in places
            for g in FEW_GAINS
        )
    return found


@dataclass(frozen=True)
class Plan:
    """How much is trained.

    Attributes
    ----------
    name : str
        Of the tables.
    config : str
        Of all runs but for the window.
    shared : tuple of str
        Overrides of all runs.
    loso : bool
        Leave speakers of the training part out one by one, instead of scoring on the test part. Windows' settings are
        then chosen anew without each of them (on validation recordings of the others); the rest of the config, which
        all windows share, was chosen with all speakers.
    seeds : int
        1, 2 and so on: those of the comparison.
    choosing : int
        Seeds (of each fold) with which settings are chosen: 1001 and on, none of the comparison's.
    shorter : tuple of str
        Further overrides of the runs by which settings are chosen, the same for every window.
    gain : float
        Of the logits: what the gains that are tried are multiples of.
    late : bool
        Whether words begin late in the trial, so that the Gaussian and the bump are tried later in it.
    """

    name: str
    config: str
    shared: tuple[str, ...] = ()
    loso: bool = False
    seeds: int = 10
    choosing: int = 1
    shorter: tuple[str, ...] = ()
    gain: float = 5.0
    late: bool = False

    def candidates(self) -> dict[str, list[Variant]]:
        """Return every window's settings to choose from."""
        return {
            window: [Variant(f"{window} {i}", self.config, setting) for i, setting in enumerate(options)]
            for window, options in settings(self.gain, self.late).items()
        }


_SMALL = ("network.hidden=64", "training.epochs=6", "augmentation.shift=20")

FULL = (
    Plan("fsdd-index", "fsdd"),
    Plan("fsdd-loso", "fsdd", ("training.epochs=20",), loso=True, shorter=("training.epochs=10",)),
    Plan("digits", "digits", ("data.utterances=10", "training.epochs=5")),
)
"""On two cores the first takes an hour and a half, the second two hours and a quarter, the last twenty minutes. Of the
synthetic voices few utterances are learned from: with all of them every window would be right on nearly all words."""

SMALL = (Plan("small-fsdd-index", "fsdd", _SMALL, seeds=10),)
"""Ten minutes on two cores."""
ELSEWHERE = (Plan("shd", "shd-256", gain=1.0, late=True), Plan("ssc", "ssc", gain=1.0, late=True))
"""On data that have to be downloaded; with GeNN on a GPU, or in days."""
