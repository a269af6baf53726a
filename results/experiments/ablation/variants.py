"""The default configs, each with one idea taken away or added."""

from __future__ import annotations

from results.experiments.comparison.variants import Variant

DEFAULTS = "defaults"

FSDD = "fsdd-exponential"

CHANGES: dict[str, tuple[str, ...]] = {
    DEFAULTS: (),
    "interpolated spike times": ("network.spike_times=interpolated",),
    "shared time constants": ("network.time_constants=shared", "network.output_time_constants=shared"),
    "hidden time constants shared": ("network.time_constants=shared",),
    "output time constants shared": ("network.output_time_constants=shared",),
    "no delay line": ("network.delay_line.copies=1",),
    "three copies 60 ms apart, 60 epochs": (
        "network.delay_line.copies=3",
        "network.delay_line.spacing=60.0",
        "training.epochs=60",
    ),
    "60 epochs": ("training.epochs=60",),
    "learned recurrent delays": (
        "network.synapses.recurrent.delays=trained",
        "network.synapses.recurrent.longest=150.0",
    ),
    "128 neurons": ("network.hidden=128",),
    "512 neurons": ("network.hidden=512",),
    "feed-forward": ("network.recurrent=false",),
    "no least slope": ("training.least_slope=0",),
    "silent neurons not lifted": ("training.regulariser.lift=0",),
    "batches of 32": ("training.batch=32",),
}


def variants(config: str, names: tuple[str, ...] = ()) -> list[Variant]:
    """Return variants of a config by name, the defaults first; all if none is named.

    Raises
    ------
    KeyError
        If there is none of a name.
    """
    chosen = names or tuple(CHANGES)
    ordered = [DEFAULTS, *(name for name in chosen if name != DEFAULTS)]
    return [Variant(name, config, CHANGES[name]) for name in ordered]
