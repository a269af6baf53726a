"""How accuracy changes when one idea is taken away from the defaults or added, paired by seed: ``make ablation``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from models.errors import InputError, nearest
from results.experiments.comparison.report import carry_out
from results.experiments.comparison.variants import Variant, jobs_of
from results.paths import TABLES
from sweeps.jobs import TEST, speakers
from sweeps.runner import Runner

DEFAULTS = "defaults"

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
"""The default configs, each with one idea taken away or added."""


def ablation(
    runner: Runner,
    config: str,
    names: Sequence[str] = (),
    seeds: int = 5,
    loso: bool = False,
    shared: Sequence[str] = (),
    folder: Path = TABLES,
) -> pd.DataFrame | None:
    """Train variants of a config and compare each with the defaults; see `comparison.report.carry_out`.

    Parameters
    ----------
    names : sequence of str
        Of `CHANGES`; all if empty. The defaults are always among them.
    loso : bool
        Hold out one speaker of the training part after the other, instead of scoring on the test part.

    Raises
    ------
    InputError
        If there is no variant of a name.
    """
    for name in names:
        if name not in CHANGES:
            raise InputError(f"there is no variant {name!r}; did you mean {nearest(name, CHANGES)!r}?")
    chosen = variants(config, names)
    held = speakers(chosen[0].settings(1, shared)) if loso else [TEST]
    title = f"ablation-{Path(config).stem}{'-loso' if loso else ''}"
    return carry_out(runner, title, chosen, jobs_of(chosen, seeds, shared, held), folder, shared, against=DEFAULTS)


def variants(config: str, names: Sequence[str] = ()) -> list[Variant]:
    """Return variants of a config by names of `CHANGES`, the defaults first; all if none is named."""
    ordered = [DEFAULTS, *(name for name in names or CHANGES if name != DEFAULTS)]
    return [Variant(name, config, CHANGES[name]) for name in ordered]
