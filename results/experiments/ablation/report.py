"""The ablation: every variant with the same seeds, paired with the defaults."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console

from models.errors import InputError, nearest
from results.experiments.ablation.variants import CHANGES, DEFAULTS, variants
from results.experiments.comparison.report import carry_out
from results.experiments.comparison.runs import TEST, Job, speakers
from results.paths import TABLES

FOLDER = TABLES
SEEDS = 5


def ablation(
    console: Console,
    config: str,
    names: Sequence[str] = (),
    seeds: int = SEEDS,
    loso: bool = False,
    shared: tuple[str, ...] = (),
    workers: int = 0,
    folder: Path = FOLDER,
) -> pd.DataFrame:
    """Train variants of a config and say what each is worth.

    Parameters
    ----------
    console : Console
    config : str
        A TOML file, or the name of a shipped config.
    names : sequence of str
        Of `variants.CHANGES`; all if empty. The defaults are always among them.
    seeds : int
        Of each variant: 1, 2 and so on, so that variants are paired.
    loso : bool
        Leave one speaker of the training part out after the other, instead of scoring on the test part.
    shared : tuple of str
        Overrides of all runs.
    workers : int
        Processes; 0 takes as many as cores.
    folder : Path
        Where the tables go, named after the config.

    Returns
    -------
    DataFrame
        See `statistics.summary.summary`.

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
    jobs = [Job(v, seed, h, shared) for v in chosen for seed in range(1, seeds + 1) for h in held]
    title = f"ablation-{Path(config).stem}{'-loso' if loso else ''}"
    _, table = carry_out(console, title, jobs, workers, folder, against=DEFAULTS)
    console.print(f"written: {folder / title}.csv, .md", highlight=False)
    return table
