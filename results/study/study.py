"""The study, step by step: choose every window's setting, train, compare, look where the information lies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from rich.console import Console

from pipeline.data.atomic import write_atomically
from pipeline.pictures.save import save
from pipeline.training.examples import load_dataset
from pipeline.training.run import environment
from results.comparison.runs import TEST, VALIDATION, Job, Variant, run_all, speakers
from results.markdown import markdown
from results.study.pictures import information, verdict
from results.study.plan import REFERENCE, Plan
from results.study.slices import by_slice
from results.study.statistics import LEVEL, compare

FOLDER = Path("results/tables/study")

FIRST_CHOOSING_SEED = 1001


def study(plans: Sequence[Plan], console: Console, workers: int = 0, folder: Path = FOLDER) -> dict[str, pd.DataFrame]:
    """Run every plan; runs that are done are not done again.

    Parameters
    ----------
    plans : sequence of Plan
    console : Console
    workers : int
        Processes; 0 takes as many as cores.
    folder : Path
        Where ``<plan>.csv``, ``.md``, ``-runs.csv``, ``-choice.csv``, ``-slices.csv``, ``.png`` and ``.json`` go.

    Returns
    -------
    dict of str to DataFrame
        By plan; see `statistics.compare`.
    """
    found = {}
    for plan in plans:
        console.print(f"{plan.name}: choosing every window's setting", highlight=False)
        chosen, choice = choose(plan, console, workers)
        console.print(f"{plan.name}: {plan.seeds} seeds of each", highlight=False)
        rows = run_all(comparing_jobs(plan, chosen), console, workers)
        table = compare(rows, REFERENCE)
        config = chosen[0].settings(1, plan.shared)
        data = load_dataset(config)
        slices = by_slice(data.train, data.test, config.data.trial)
        _write(folder, plan, table, rows, choice, slices)
        windows = {v.name: v.settings(1, plan.shared).resolved() for v in chosen}
        save(verdict(table, plan.name), folder / f"{plan.name}.png")
        save(information(slices, windows, config.data.trial, config.steps), folder / f"{plan.name}-slices.png")
        console.print(sentence(table, plan), highlight=False, soft_wrap=True)
        found[plan.name] = table
    return found


def choose(plan: Plan, console: Console, workers: int = 0) -> tuple[list[Variant], pd.DataFrame]:
    """Return every window's best setting by mean validation accuracy, and the table that says so.

    With seeds that the comparison does not have; the test part and left-out speakers have no part in it.
    """
    candidates = plan.candidates()
    rows = run_all(choosing_jobs(plan), console, workers)
    means = rows.groupby("variant", sort=False)["validation"].mean()
    chosen, table = [], []
    for window, options in candidates.items():
        best = max(options, key=lambda v: (means[v.name], -options.index(v)))
        chosen.append(replace(best, name=window))
        for option in options:
            settings = " ".join(option.overrides[1:])
            table.append((window, settings, float(means[option.name]), option is best))
    return chosen, pd.DataFrame(table, columns=["window", "setting", "validation", "chosen"])


def sentence(table: pd.DataFrame, plan: Plan) -> str:
    """Return the verdict on the Gaussian window in a sentence."""
    row = table.set_index("window").loc["gaussian"]
    found = row["p_corrected"] < LEVEL
    what = ("better" if row["difference"] > 0 else "worse") if found else "no different as far as this can tell"
    interval = f"{row['difference']:+.3f} ({row['difference_low']:+.3f} to {row['difference_high']:+.3f})"
    return (
        f"{plan.name}: the Gaussian window is {what}: {interval} against the {REFERENCE} one, "
        f"{row['seeds']:.0f} seeds, p {row['p_corrected']:.3f}; a difference of {row['detectable']:.3f} would have "
        "been found in four of five such studies"
    )


def choosing_jobs(plan: Plan) -> list[Job]:
    """Return the runs by which settings are chosen."""
    seeds = range(FIRST_CHOOSING_SEED, FIRST_CHOOSING_SEED + plan.choosing)
    options = (option for options in plan.candidates().values() for option in options)
    return [Job(option, seed, VALIDATION, plan.shared) for option in options for seed in seeds]


def comparing_jobs(plan: Plan, chosen: Sequence[Variant]) -> list[Job]:
    """Return the runs that are compared."""
    held = speakers(chosen[0].settings(1, plan.shared)) if plan.loso else [TEST]
    return [Job(v, seed, h, plan.shared) for v in chosen for seed in range(1, plan.seeds + 1) for h in held]


def _write(
    folder: Path,
    plan: Plan,
    table: pd.DataFrame,
    rows: pd.DataFrame,
    choice: pd.DataFrame,
    slices: pd.DataFrame,
) -> None:
    parts = {"": table, "-runs": rows.drop(columns="run", errors="ignore"), "-choice": choice, "-slices": slices}
    for ending, part in parts.items():
        write_atomically(folder / f"{plan.name}{ending}.csv", [part.to_csv(index=False).encode()])
    about = {"plan": plan.__dict__ | {"shared": list(plan.shared)}, "environment": environment()}
    write_atomically(folder / f"{plan.name}.json", [(json.dumps(about, indent=2) + "\n").encode()])
    text = f"{markdown(table)}\n{sentence(table, plan)}.\n\nChosen on validation:\n\n{markdown(choice)}"
    write_atomically(folder / f"{plan.name}.md", [text.encode()])
