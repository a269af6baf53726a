"""Choosing the setting of every variant on validation, without what the setting will be scored on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from models.errors import InputError
from results.experiments.comparison.variants import Variant
from sweeps.jobs import TEST, VALIDATION

FIRST_CHOOSING_SEED = 1001
"""Of the seeds that choose settings: none of them is in a comparison."""

Chosen = Mapping[str, Sequence[Variant]]
"""By what is held out (the test part, or a speaker), every variant's setting, named after the variant."""


def choose(title: str, candidates: Mapping[str, Sequence[Variant]], rows: pd.DataFrame) -> tuple[Chosen, pd.DataFrame]:
    """Return every variant's best setting by mean validation accuracy, and the table of all settings.

    Nothing that a setting will be scored on has a part in its choice: neither the test part nor, where speakers are
    held out, a recording of the held-out speaker.

    Parameters
    ----------
    title : str
        What is chosen for, as errors name it.
    candidates : mapping of str to sequence of Variant
        The settings of every variant.
    rows : DataFrame
        Of their runs; see `Runner.train`.

    Returns
    -------
    Chosen
    DataFrame
        One row a setting: held (what will be scored), variant, setting (the candidate's name), validation (mean
        accuracy), chosen.

    Raises
    ------
    InputError
        If no setting has a score.
    """
    means = rows.groupby(["held", "variant"], sort=False)["validation"].agg(lambda scores: scores.mean(skipna=False))
    if means.isna().all():
        raise InputError(f"{title}: no setting has a validation accuracy to be chosen by")
    chosen: dict[str, list[Variant]] = {}
    table = []
    for held in means.index.get_level_values("held").unique():
        scored_on = TEST if held == VALIDATION else held
        for variant, options in candidates.items():
            scores = [float(means[held, option.name]) for option in options]
            # A setting whose training diverged has no score; of equal scores the first setting is taken.
            best = max(range(len(options)), key=lambda i: (scores[i] if scores[i] == scores[i] else -1.0, -i))
            chosen.setdefault(scored_on, []).append(replace(options[best], name=variant))
            table += [
                (scored_on, variant, option.name, score, i == best)
                for i, (option, score) in enumerate(zip(options, scores, strict=True))
            ]
    return chosen, pd.DataFrame(table, columns=["held", "variant", "setting", "validation", "chosen"])
