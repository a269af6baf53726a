"""The ablation: every variant is trained with the same seeds and compared with the defaults, paired by seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from models.errors import InputError, nearest
from results.experiments.ablation.variants import CHANGES, DEFAULTS, variants
from results.experiments.comparison.report import carry_out
from results.experiments.comparison.variants import jobs_of
from results.paths import TABLES
from sweeps.jobs import TEST, speakers
from sweeps.runner import Runner

FOLDER = TABLES
SEEDS = 5


def ablation(
    runner: Runner,
    config: str,
    names: Sequence[str] = (),
    seeds: int = SEEDS,
    loso: bool = False,
    shared: tuple[str, ...] = (),
    folder: Path = FOLDER,
) -> pd.DataFrame | None:
    """Train variants of a config and compare each with the defaults.

    Parameters
    ----------
    runner : Runner
    config : str
        A TOML file, or the name of a shipped config.
    names : sequence of str
        Of `variants.CHANGES`; all if empty. The defaults are always among them.
    seeds : int
        Of each variant: 1, 2 and so on, so that variants are paired.
    loso : bool
        Hold out one speaker of the training part after the other, instead of scoring on the test part.
    shared : tuple of str
        Overrides of all runs.
    folder : Path
        Where the tables go, named after the config.

    Returns
    -------
    DataFrame or None
        See `statistics.summary.summary`; None where the runs were submitted to a cluster.

    Raises
    ------
    InputError
        If there is no variant of a name.
    """
    for name in names:
        if name not in CHANGES:
            raise InputError(f"there is no variant {name!r}; did you mean {nearest(name, CHANGES)!r}?")
    chosen = variants(config, tuple(names))
    held = speakers(chosen[0].settings(1, shared)) if loso else [TEST]
    jobs = jobs_of(chosen, seeds, shared, held)
    title = f"ablation-{Path(config).stem}{'-loso' if loso else ''}"
    done = carry_out(runner, title, chosen, jobs, folder, shared, against=DEFAULTS)
    if done is None:
        return None
    runner.console.print(f"written: {folder / title}.csv, .md", highlight=False)
    return done[1]
