"""The stages of a plan: choosing every window's setting on validation, then comparing the chosen ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from models.errors import InputError
from results.experiments.comparison.variants import Variant
from results.experiments.study.plan import Plan
from sweeps.jobs import TEST, VALIDATION, Job, speakers
from sweeps.runner import Stages

FIRST_CHOOSING_SEED = 1001

Chosen = Mapping[str, Sequence[Variant]]
"""By what is held out (the test part, or a speaker), every window's setting, named after the window."""


@dataclass(frozen=True)
class Trained:
    """A plan's settings, as `choose` returns them, and its runs, as `Runner.train` does."""

    chosen: Chosen
    choice: pd.DataFrame
    choosing: pd.DataFrame
    """The runs on which settings were chosen."""
    rows: pd.DataFrame
    """The runs that are compared."""


def stages(plan: Plan) -> Stages[Trained]:
    """Train the runs on which settings are chosen, then those that compare the chosen ones."""
    choosing = yield choosing_jobs(plan)
    chosen, choice = choose(plan, choosing)
    rows = yield comparing_jobs(plan, chosen)
    return Trained(chosen, choice, choosing, rows)


def choose(plan: Plan, rows: pd.DataFrame) -> tuple[Chosen, pd.DataFrame]:
    """Return every window's best setting by mean validation accuracy, and the table of all settings.

    Their seeds are not those of the comparison. Nothing that a setting will be scored on has a part in its choice:
    neither the test part nor, where speakers are held out, a recording of the held-out speaker.

    The rows are those of `choosing_jobs`; the table's columns are held, window, setting, validation, chosen.

    Raises
    ------
    InputError
        If no setting has a score.
    """
    candidates = plan.candidates()
    means = rows.groupby(["held", "variant"], sort=False)["validation"].agg(lambda scores: scores.mean(skipna=False))
    if means.isna().all():
        raise InputError(f"{plan.name}: no setting has a validation accuracy to be chosen by")
    chosen: dict[str, list[Variant]] = {}
    table = []
    for held in means.index.get_level_values("held").unique():
        scored_on = TEST if held == VALIDATION else held
        for window, options in candidates.items():
            scores = [float(means[held, option.name]) for option in options]
            # A setting whose training diverged has no score; of equal scores the first setting is taken.
            best = max(range(len(options)), key=lambda i: (scores[i] if scores[i] == scores[i] else -1.0, -i))
            chosen.setdefault(scored_on, []).append(replace(options[best], name=window))
            table += [
                (scored_on, window, setting_of(option), score, i == best)
                for i, (option, score) in enumerate(zip(options, scores, strict=True))
            ]
    return chosen, pd.DataFrame(table, columns=["held", "window", "setting", "validation", "chosen"])


def setting_of(option: Variant) -> str:
    """Return what tells a window's settings apart."""
    return " ".join(option.overrides[1:])


def choosing_jobs(plan: Plan) -> list[Job]:
    """Return the runs on which settings are chosen, fold by fold."""
    seeds = range(FIRST_CHOOSING_SEED, FIRST_CHOOSING_SEED + plan.choosing)
    options = [option for options in plan.candidates().values() for option in options]
    held = speakers(options[0].settings(1, plan.shared)) if plan.loso else [VALIDATION]
    shared = (*plan.shared, *plan.shorter)
    return [option.job(seed, h, shared) for h in held for option in options for seed in seeds]


def comparing_jobs(plan: Plan, chosen: Chosen) -> list[Job]:
    """Return the runs that are compared, seed by seed."""
    return [
        variant.job(seed, held, plan.shared)
        for seed in range(1, plan.seeds + 1)
        for held, variants in chosen.items()
        for variant in variants
    ]
