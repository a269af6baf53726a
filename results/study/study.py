"""The study, step by step: choose every window's setting, train, compare, look where the information lies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from rich.console import Console

from pipeline.config import Config
from pipeline.data.atomic import write_atomically
from pipeline.data.splits import leave_one_speaker_out
from pipeline.pictures.save import save
from pipeline.training.examples import load_dataset
from pipeline.training.run import environment
from results.comparison import details
from results.comparison.runs import run_all
from results.markdown import markdown
from results.study import matching
from results.study.choosing import Chosen, choose, comparing_jobs
from results.study.pictures import information, verdict
from results.study.plan import REFERENCE, Plan
from results.study.slices import by_slice
from results.study.statistics import LEVEL, compare

FOLDER = Path("results/tables/study")


def study(plans: Sequence[Plan], console: Console, workers: int = 0, folder: Path = FOLDER) -> dict[str, pd.DataFrame]:
    """Run every plan; runs that are done are not done again.

    Parameters
    ----------
    plans : sequence of Plan
    console : Console
    workers : int
        Processes; 0 takes as many as cores.
    folder : Path
        Where ``<plan>.csv``, ``.md``, ``.json``, ``.png`` go, and ``<plan>-runs.csv``, ``-choice``, ``-slices``,
        ``-curves`` and ``-confusion``.

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
        config = next(iter(chosen.values()))[0].settings(1, plan.shared)
        slices = informative(config, plan.loso)
        choice = matching.match(plan, choice, slices)
        says = [sentence(table, plan), matching.sentence(choice, slices)]
        parts = {
            "": table,
            "-runs": rows.drop(columns="run", errors="ignore"),
            "-choice": choice,
            "-slices": slices,
            "-curves": details.curves(rows),
            "-confusion": details.confusion(rows),
        }
        _write(folder, plan, parts, says)
        save(verdict(table, plan.name), folder / f"{plan.name}.png")
        windows = _distinct(plan, chosen)
        save(information(slices, windows, config.data.trial, config.steps), folder / f"{plan.name}-slices.png")
        for text in says:
            console.print(text, highlight=False, soft_wrap=True)
        found[plan.name] = table
    return found


def informative(config: Config, loso: bool) -> pd.DataFrame:
    """Return what slices of time tell; see `slices.by_slice`.

    Parameters
    ----------
    config : Config
    loso : bool
        Of speakers who were left out, the mean over them, instead of the test part.
    """
    data = load_dataset(config)
    pairs = [(data.train, data.test)]
    if loso:
        pairs = [(data.train.select(f.rest), data.train.select(f.held)) for f in leave_one_speaker_out(data.train)]
    tables = [by_slice(training, test, config.data.trial) for training, test in pairs]
    return pd.concat(tables).groupby("begin", as_index=False).mean()


def sentence(table: pd.DataFrame, plan: Plan) -> str:
    """Return the verdict on the Gaussian window in a sentence."""
    row = table.set_index("window").loc["gaussian"]
    found = row["p_corrected"] < LEVEL
    what = ("better" if row["difference"] > 0 else "worse") if found else "no different as far as this can tell"
    interval = f"{row['difference']:+.3f} ({row['difference_low']:+.3f} to {row['difference_high']:+.3f})"
    anyone = ""
    if "anyone_low" in row:
        anyone = (
            f" and for any speakers, of whom these are {row['folds']:.0f}, between {row['anyone_low']:+.3f} and "
            f"{row['anyone_high']:+.3f} (p {row['anyone_p']:.3f})"
        )
    return (
        f"{plan.name}: the Gaussian window is {what}: {interval} against the {REFERENCE} one, "
        f"{row['seeds']:.0f} seeds, p {row['p_corrected']:.3f}{anyone}; a difference of {row['detectable']:.3f} would "
        "have been found in four of five such studies"
    )


def _distinct(plan: Plan, chosen: Chosen) -> list[tuple[str, Config]]:
    """Return the chosen windows, each setting once though several folds may have chosen it."""
    variants = dict.fromkeys(variant for variants in chosen.values() for variant in variants)
    return [(variant.name, variant.settings(1, plan.shared).resolved()) for variant in variants]


def _write(folder: Path, plan: Plan, parts: dict[str, pd.DataFrame], says: Sequence[str]) -> None:
    for ending, part in parts.items():
        text = part.to_csv(index=False, float_format="%.6g")
        write_atomically(folder / f"{plan.name}{ending}.csv", [text.encode()])
    about = {"plan": asdict(plan), "says": list(says), "environment": environment()}
    write_atomically(folder / f"{plan.name}.json", [(json.dumps(about, indent=2) + "\n").encode()])
    spoken = "\n\n".join(f"{text}." for text in says)
    text = f"{markdown(parts[''])}\n{spoken}\n\nChosen on validation:\n\n{markdown(parts['-choice'])}"
    write_atomically(folder / f"{plan.name}.md", [text.encode()])
