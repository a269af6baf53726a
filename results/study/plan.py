"""What the study trains: four windows, as many settings tried of each, then seeds and folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from results.comparison.runs import Variant

REFERENCE = "exponential"
"""The published window: all others are compared with it."""

_BARE = "loss.window.shape"

SCALES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0)
"""Gains of the logits that are tried where a window has nothing else to choose."""

FEW_SCALES = (2.0, 5.0, 10.0)
PLACES = {
    "gaussian": ((0.1, 0.15), (0.1, 0.3), (0.2, 0.2), (0.35, 0.25)),
    "bump": ((0.0, 0.1), (0.0, 0.2), (0.1, 0.1), (0.1, 0.2)),
}
"""Centre and width, fractions of the trial, each of which is tried with each of the few gains."""

SETTINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    **{
        window: tuple((f"{_BARE}={window}", f"loss.scale={scale}") for scale in SCALES)
        for window in ("exponential", "uniform")
    },
    **{
        window: tuple(
            (f"{_BARE}={window}", f"loss.window.mu={mu}", f"loss.window.sigma={sigma}", f"loss.scale={scale}")
            for mu, sigma in places
            for scale in FEW_SCALES
        )
        for window, places in PLACES.items()
    },
}
"""Of every window as many settings, of which validation chooses one."""


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
        Leave speakers of the training part out one by one, instead of scoring on the test part. Settings are then
        chosen anew without each of them: who is left out chooses nothing.
    seeds : int
        1, 2 and so on: those of the comparison.
    choosing : int
        Seeds (of each fold) with which settings are chosen: 1001 and on, none of the comparison's.
    shorter : tuple of str
        Further overrides of the runs by which settings are chosen, the same for every window.
    """

    name: str
    config: str
    shared: tuple[str, ...] = ()
    loso: bool = False
    seeds: int = 10
    choosing: int = 1
    shorter: tuple[str, ...] = ()

    def candidates(self) -> dict[str, list[Variant]]:
        """Return every window's settings to choose from."""
        return {
            window: [Variant(f"{window} {i}", self.config, setting) for i, setting in enumerate(settings)]
            for window, settings in SETTINGS.items()
        }


_SMALL = ("network.hidden=64", "training.epochs=8", "augmentation.shift=20")

FULL = (
    Plan("fsdd-index", "fsdd"),
    Plan("fsdd-loso", "fsdd", loso=True, shorter=("training.epochs=10",)),
    Plan("digits", "digits", ("training.epochs=3",)),
)
SMALL = (Plan("small-fsdd-index", "fsdd", _SMALL, seeds=10),)
"""About a quarter of an hour on two cores."""
ELSEWHERE = (Plan("shd", "shd-256"), Plan("ssc", "ssc"))
"""On data that have to be downloaded; with GeNN on a GPU, or in days."""
