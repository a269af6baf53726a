"""The stages of a comparison of methods: choosing every contender's setting, then training the chosen ones."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from results.experiments.comparison.choosing import FIRST_CHOOSING_SEED, Chosen, choose
from results.experiments.comparison.variants import Variant
from results.experiments.methods.plan import Plan
from sweeps.jobs import TEST, VALIDATION, Job, speakers
from sweeps.runner import Stages


@dataclass(frozen=True)
class Trained:
    """A plan's settings, and its runs, as `Runner.train` returns them.

    Attributes
    ----------
    chosen : Chosen
        By what is held out, the setting of every contender.
    choice : DataFrame
        All settings that were tried; see `comparison.choosing.choose`.
    choosing, rows : DataFrame
        The runs that chose settings, and those that are compared.
    """

    chosen: Chosen
    choice: pd.DataFrame
    choosing: pd.DataFrame
    rows: pd.DataFrame


def stages(plan: Plan) -> Stages[Trained]:
    """Train the runs that choose settings, then those that are compared."""
    choosing = yield choosing_jobs(plan)
    best, choice = choose(plan.name, plan.candidates(), choosing)
    chosen = _elsewhere(plan, best) if plan.searched else best
    rows = yield comparing_jobs(plan, chosen)
    said = {option.name: _said(option) for options in plan.candidates().values() for option in options}
    return Trained(chosen, choice.assign(setting=choice["setting"].map(said)), choosing, rows)


def choosing_jobs(plan: Plan) -> list[Job]:
    """Return the runs that choose settings, fold by fold."""
    options = [option for options in plan.candidates().values() for option in options]
    held = speakers(options[0].settings(1)) if plan.loso and not plan.searched else [VALIDATION]
    return [option.job(FIRST_CHOOSING_SEED, h) for h in held for option in options]


def comparing_jobs(plan: Plan, chosen: Chosen) -> list[Job]:
    """Return the runs that are compared, seed by seed."""
    return [
        variant.job(seed, held)
        for seed in range(1, plan.seeds + 1)
        for held, variants in chosen.items()
        for variant in variants
    ]


def _elsewhere(plan: Plan, best: Chosen) -> Chosen:
    """Return settings that were chosen once, for whatever the plan scores."""
    [settings] = best.values()
    compared = list(map(plan.compared, settings))
    return dict.fromkeys(speakers(compared[0].settings(1)) if plan.loso else [TEST], compared)


def _said(option: Variant) -> str:
    """Return a setting's overrides as a sentence part."""
    return " ".join(option.overrides)
