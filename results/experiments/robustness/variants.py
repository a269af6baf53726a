"""The settings whose training is tested for collapse."""

from __future__ import annotations

from results.experiments.comparison.variants import Variant

GAUSSIAN = Variant("Gaussian window", "fsdd")
EXPONENTIAL = Variant("exponential window", "fsdd-exponential")

SHIPPED = (GAUSSIAN, EXPONENTIAL)
"""The shipped configs, of which no run may collapse."""

_BARE = ("training.least_slope=0",)
_INTERPOLATED = ("network.spike_times=interpolated",)
_UNLIFTED = ("training.regulariser.lift=0",)
_LATE = ("loss.window.mu=0.6", "loss.window.sigma=0.15")

FAILING = (
    Variant("interpolated", "fsdd-exponential", _INTERPOLATED),
    Variant("interpolated, slope as it is", "fsdd-exponential", _INTERPOLATED + _BARE),
    Variant("slope as it is", "fsdd-exponential", _BARE),
    Variant("silent neurons not lifted", "fsdd", _UNLIFTED),
    Variant("late window", "fsdd", _LATE),
    Variant("late window, not lifted", "fsdd", _LATE + _UNLIFTED),
    Variant("learning rate times 8", "fsdd-exponential", ("training.learning_rate=0.016",)),
)
"""The shipped configs without one of their defaults, or with settings that a sweep would try."""
