"""Choosing every window's setting on validation, and what is trained to compare the chosen ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
from rich.console import Console

from models.errors import InputError
from results.experiments.comparison.runs import TEST, VALIDATION, Job, Variant, run_all, speakers
from results.experiments.study.plan import Plan

FIRST_CHOOSING_SEED = 1001

Chosen = Mapping[str, Sequence[Variant]]
"""By what is held out (the test part, or a speaker), every window's setting, named after the window."""


def choose(plan: Plan, console: Console, workers: int = 0) -> tuple[Chosen, pd.DataFrame, pd.DataFrame]:
    """Return every window's best setting by mean validation accuracy, the table that says so, and its runs.

    With seeds that the comparison does not have. Nothing that a setting will be scored on has a part in its choice:
    neither the test part nor, where speakers are left out, a recording of the speaker who is.

    Returns
    -------
    chosen : dict of str to list of Variant
    table : DataFrame
        held, window, setting, validation, chosen.
    rows : DataFrame
        Of `comparison.runs.run_all`.

    Raises
    ------
    InputError
        If no setting has a score.
    """
    candidates = plan.candidates()
    rows = run_all(choosing_jobs(plan), console, workers)
    means = rows.groupby(["held", "variant"], sort=False)["validation"].agg(lambda scores: scores.mean(skipna=False))
    if means.isna().all():
        raise InputError(f"{plan.name}: no setting has a validation accuracy to be chosen by")
    chosen: dict[str, list[Variant]] = {}
    table = []
    for held in means.index.get_level_values("held").unique():
        scored_on = TEST if held == VALIDATION else held
        for window, options in candidates.items():
            scores = [float(means[held, option.name]) for option in options]
            # A setting whose training failed has no score; of equal ones the first is taken.
            best = max(range(len(options)), key=lambda i: (scores[i] if scores[i] == scores[i] else -1.0, -i))
            chosen.setdefault(scored_on, []).append(replace(options[best], name=window))
            table += [
                (scored_on, window, setting_of(option), score, i == best)
                for i, (option, score) in enumerate(zip(options, scores, strict=True))
            ]
    return chosen, pd.DataFrame(table, columns=["held", "window", "setting", "validation", "chosen"]), rows


def setting_of(option: Variant) -> str:
    """Return what tells a window's settings apart."""
    return " ".join(option.overrides[1:])


def choosing_jobs(plan: Plan) -> list[Job]:
    """Return the runs by which settings are chosen, fold by fold."""
    seeds = range(FIRST_CHOOSING_SEED, FIRST_CHOOSING_SEED + plan.choosing)
    options = [option for options in plan.candidates().values() for option in options]
    held = speakers(options[0].settings(1, plan.shared)) if plan.loso else [VALIDATION]
    shared = (*plan.shared, *plan.shorter)
    return [Job(option, seed, h, shared) for h in held for option in options for seed in seeds]


def comparing_jobs(plan: Plan, chosen: Chosen) -> list[Job]:
    """Return the runs that are compared, seed by seed."""
    return [
        Job(variant, seed, held, plan.shared)
        for seed in range(1, plan.seeds + 1)
        for held, variants in chosen.items()
        for variant in variants
    ]
