"""What the study trains: four windows, as many settings tried of each, then seeds and folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from results.comparison.runs import Variant

REFERENCE = "exponential"
"""The published window: all others are compared with it."""

_BARE = "loss.window.shape"

SETTINGS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "exponential": tuple(
        (f"{_BARE}=exponential", f"loss.scale={scale}") for scale in (3.0, 5.0, 7.5, 10.0, 15.0, 20.0)
    ),
    "uniform": tuple((f"{_BARE}=uniform", f"loss.scale={scale}") for scale in (3.0, 5.0, 7.5, 10.0, 15.0, 20.0)),
    "gaussian": tuple(
        (f"{_BARE}=gaussian", f"loss.window.mu={mu}", f"loss.window.sigma={sigma}")
        for mu, sigma in ((0.1, 0.15), (0.1, 0.3), (0.2, 0.15), (0.2, 0.3), (0.3, 0.2), (0.4, 0.3))
    ),
    "bump": tuple(
        (f"{_BARE}=bump", f"loss.window.mu={mu}", f"loss.window.sigma={sigma}")
        for mu, sigma in ((0.0, 0.1), (0.0, 0.2), (0.0, 0.3), (0.1, 0.1), (0.1, 0.2), (0.1, 0.3))
    ),
}
"""Of every window, six settings, of which validation chooses one: of the bell and the bump centre and width, of those
that have neither the gain of the logits."""


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
    """

    name: str
    config: str
    shared: tuple[str, ...] = ()
    loso: bool = False
    seeds: int = 10
    choosing: int = 2

    def candidates(self) -> dict[str, list[Variant]]:
        """Return every window's settings to choose from."""
        return {
            window: [Variant(f"{window} {i}", self.config, setting) for i, setting in enumerate(settings)]
            for window, settings in SETTINGS.items()
        }


_SMALL = ("network.hidden=64", "training.epochs=8", "augmentation.shift=20")

FULL = (
    Plan("fsdd-index", "fsdd"),
    Plan("fsdd-loso", "fsdd", loso=True, choosing=1),
    Plan("digits", "digits", ("training.epochs=3",)),
)
SMALL = (Plan("small-fsdd-index", "fsdd", _SMALL, seeds=10, choosing=1),)
"""About a quarter of an hour on two cores."""
ELSEWHERE = (Plan("shd", "shd-256"), Plan("ssc", "ssc"))
"""On data that have to be downloaded; with GeNN on a GPU, or in days."""
