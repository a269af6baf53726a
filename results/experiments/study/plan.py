"""What the study trains: four readout windows with as many settings each, the seeds, and what is scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from results.experiments.comparison.variants import Variant

REFERENCE = "exponential"
"""The window of the published Eventprop networks: all others are compared with it."""

_SHAPE = "loss.window.shape"

GAINS = (0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""Gains of the logits for windows that have no other parameter, as multiples of the plan's."""

FEW_GAINS = (0.4, 1.0, 2.0)
PLACES = {
    "gaussian": ((0.1, 0.15), (0.1, 0.3), (0.2, 0.2), (0.35, 0.25)),
    "bump": ((0.0, 0.1), (0.0, 0.2), (0.1, 0.1), (0.1, 0.2)),
}
"""Centre mu and width sigma as fractions of the trial, each with each of `FEW_GAINS`."""

LATE_PLACES = {
    "gaussian": ((0.2, 0.2), (0.35, 0.2), (0.5, 0.2), (0.5, 0.35)),
    "bump": ((0.1, 0.2), (0.2, 0.2), (0.35, 0.2), (0.5, 0.2)),
}


def settings(gain: float, late: bool) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Return the settings of every window, the same number of each, of which validation chooses one; see `Plan`."""
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
    """A study: what is trained, chosen and compared.

    Attributes
    ----------
    name : str
        Names the study's files.
    config : str
        The config of all runs, except for the window.
    shared : tuple of str
        Overrides of all runs.
    loso : bool
        Whether the speakers of the training part are held out one at a time, instead of scoring on the test part. Each
        window's setting is then chosen without the held-out speaker, on validation recordings of the others. The rest
        of the config, which all windows share, was chosen with all speakers.
    seeds : int
        Number of seeds of the comparison: 1, 2 and so on.
    choosing : int
        Number of seeds, of each fold, that choose settings: 1001 and on, none of them in the comparison.
    shorter : tuple of str
        Further overrides of the runs that choose settings, the same for every window.
    gain : float
        Gain of the logits that the tried gains are multiples of.
    late : bool
        Whether words begin late in the trial, so that later places of the Gaussian and the bump are tried.
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
        """Return the settings of every window, as variants of the config."""
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
"""The published studies. On two cores the first takes an hour and a half, the second two hours and a quarter, the last
twenty minutes. The last trains on few utterances of each voice: with all of them every window classifies nearly all
words correctly."""

SMALL = (Plan("small-fsdd-index", "fsdd", _SMALL, seeds=10),)
"""Ten minutes on two cores."""
ELSEWHERE = (Plan("shd", "shd-256", gain=1.0, late=True), Plan("ssc", "ssc", gain=1.0, late=True))
"""On data that have to be downloaded. They take a GPU, or days on a CPU."""
