"""Scores with the runs that gave them: a number that no run backs has no way into a table."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from models.errors import InputError
from pipeline.evaluation.crossval import HELD_OUT
from pipeline.training.run import RUNS_VARIABLE, Run
from results.tables.files import check_runs, read_csv
from results.tables.network_columns import DESCRIBED, described

SCORED = "evaluation-test.json"


@dataclass(frozen=True)
class Record:
    """A score on examples that chose nothing.

    Attributes
    ----------
    source : str
        The run's folder, or the committed file and its line.
    comparison, what : str
        Which committed comparison, or "runs"; and what of it was trained.
    data, window, hidden, kind : str
        See `results.tables.network_columns`.
    held : str
        "test", or the speaker who was held out.
    seed, examples : int
    accuracy : float
    run : str
        The run's folder, as it was called where it was trained; the hash of its config is in it.
    """

    source: str
    comparison: str
    what: str
    data: str
    window: str
    hidden: str
    kind: str
    held: str
    seed: int
    examples: int
    accuracy: float
    run: str = ""


def of_runs(root: Path | None = None) -> Iterator[Record]:
    """Yield the score of every run in a folder that was scored on a test part, or on a speaker who was left out.

    Runs whose configs differ in more than the seed differ in ``what``: the config's name and its hash.

    Parameters
    ----------
    root : Path, optional
        That of the runs, unless given.
    """
    root = Path(os.environ.get(RUNS_VARIABLE) or "runs") if root is None else root
    for path in sorted([*root.glob(f"**/{SCORED}"), *root.glob(f"**/{HELD_OUT}")]):
        run = Run.at(path.parent)
        try:
            score = json.loads(path.read_text(encoding="utf-8"))
            config = run.config()
            held, examples, accuracy = str(score["split"]), int(score["examples"]), float(score["accuracy"])
        except (ValueError, KeyError, TypeError) as error:
            said = f"{path.name} lacks {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"{path.parent} can't be tabulated: {said}") from None
        if not 0 <= accuracy <= 1:
            raise InputError(f"{path}: an accuracy is between 0 and 1, not {accuracy}")
        yield Record(
            source=str(path.parent),
            comparison="runs",
            what=f"{config.name} {run.folder.name.removesuffix(f'-s{config.seed}')}",
            **described(config),
            held=held,
            seed=config.seed,
            examples=examples,
            accuracy=accuracy,
            run=str(path.parent),
        )


def of_comparison(path: Path) -> Iterator[Record]:
    """Yield the scores of a committed comparison, one a line of its ``...-runs.csv``.

    Raises
    ------
    InputError
        If the file lacks a column.
    """
    table = read_csv(path, ("variant", "held", "right", "failed"))
    missing = {"variant", *DESCRIBED, "seed", "held", "examples", "accuracy", "failed"} - set(table.columns)
    if missing:
        raise InputError(f"{path} has no column {sorted(missing)[0]}; it is not a comparison's runs")
    check_runs(path, table)
    table = table.astype(dict.fromkeys([*DESCRIBED, "variant", "held"], str))
    for line, row in enumerate(table.itertuples(), start=2):
        if pd.notna(row.accuracy):
            yield Record(
                source=f"{path.name}, line {line}",
                comparison=path.name.removesuffix("-runs.csv"),
                what=row.variant,
                **{name: getattr(row, name) for name in DESCRIBED},
                held=row.held,
                seed=int(row.seed),
                examples=int(row.examples),
                accuracy=float(row.accuracy),
                run=str(getattr(row, "run", "")),
            )
