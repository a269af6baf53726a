"""The stages of a plan: choosing every window's setting on validation, then comparing the chosen ones."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from results.experiments.comparison import choosing
from results.experiments.comparison.choosing import FIRST_CHOOSING_SEED, Chosen
from results.experiments.comparison.variants import Variant
from results.experiments.study.plan import Plan
from sweeps.jobs import VALIDATION, Job, speakers
from sweeps.runner import Stages


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
    """Return every window's best setting by validation, and the table of all settings; see `choosing.choose`.

    The rows are those of `choosing_jobs`; the table's columns are held, window, setting, validation, chosen.
    """
    chosen, table = choosing.choose(plan.name, plan.candidates(), rows)
    said = {option.name: setting_of(option) for options in plan.candidates().values() for option in options}
    named = table.assign(setting=table["setting"].map(said)).rename(columns={"variant": "window"})
    return chosen, named


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
