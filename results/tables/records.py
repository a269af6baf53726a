"""Scores, each with the run that gave it: tables are made from these only, so that a run backs every number."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from models.errors import InputError
from pipeline.training.run import Run, runs_folder
from results.tables.files import check_runs, read_csv
from sweeps.jobs import HELD_OUT
from sweeps.network_columns import NETWORK_COLUMNS, network_columns

SCORED = "evaluation-test.json"


@dataclass(frozen=True)
class Record:
    """The accuracy of a run on examples that had no part in its training or in the choice of its settings.

    Attributes
    ----------
    source : str
        Where the score is recorded: the run's folder, or the published file and its line.
    comparison, what : str
        The published experiment and its variant; for this checkout's runs "runs", and the config's name and hash.
    data, window, hidden, kind : str
        See `sweeps.network_columns`.
    held : str
        "test" for the test part, or the held-out speaker.
    seed, examples : int
    accuracy : float
        Fraction of the examples that were classified correctly.
    run : str
        The run's folder where it was trained; its name has the hash of the run's config.
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
    """Yield the score of every run in a folder, by default where trainings write them, that was scored.

    Where the runs of a config were scored on different recordings, since the data have changed between them, the
    variant's name says on which: they are not seeds of one experiment.

    Raises
    ------
    InputError
        If a score or a config can't be read, or an accuracy is not between 0 and 1.
    """
    found = list(_scores(runs_folder() if root is None else root))
    recordings: dict[tuple[str, str], set[str]] = defaultdict(set)
    for record, scored_on in found:
        recordings[record.what, record.held] |= {scored_on} - {""}
    for record, scored_on in found:
        several = len(recordings[record.what, record.held]) > 1
        yield replace(record, what=f"{record.what} (recordings {scored_on[:6] or 'unknown'})") if several else record


def _scores(root: Path) -> Iterator[tuple[Record, str]]:
    """Yield the scores of a folder's runs, and what tells which recordings each was scored on; see `of_runs`."""
    for path in sorted([*root.glob(f"**/{SCORED}"), *root.glob(f"**/{HELD_OUT}")]):
        run = Run.at(path.parent)
        try:
            score = json.loads(path.read_text(encoding="utf-8"))
            config = run.config()
            held, examples, accuracy = str(score["split"]), int(score["examples"]), float(score["accuracy"])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            said = f"{path.name} lacks {error}" if isinstance(error, KeyError) else str(error)
            raise InputError(f"{path.parent} can't be tabulated: {said}") from None
        if not 0 <= accuracy <= 1:
            raise InputError(f"{path}: an accuracy is between 0 and 1, not {accuracy}")
        record = Record(
            source=str(path.parent),
            comparison="runs",
            what=f"{config.name} {run.folder.name.removesuffix(f'-s{config.seed}')}",
            **network_columns(config),
            held=held,
            seed=config.seed,
            examples=examples,
            accuracy=accuracy,
            run=str(path.parent),
        )
        yield record, str(score.get("recordings", ""))


def of_comparison(path: Path) -> Iterator[Record]:
    """Yield the scores of a published experiment, one a line of its ``...-runs.csv``.

    Raises
    ------
    InputError
        If the file lacks a column, or a line is cut off or there twice.
    """
    table = read_csv(path, ("variant", "held", "right", "failed"))
    missing = {"variant", *NETWORK_COLUMNS, "seed", "held", "examples", "accuracy", "failed"} - set(table.columns)
    if missing:
        raise InputError(f"{path} has no column {min(missing)}; it is no table of an experiment's runs")
    check_runs(path, table)
    table = table.astype(dict.fromkeys([*NETWORK_COLUMNS, "variant", "held"], str))
    for line, row in enumerate(table.itertuples(), start=2):
        if pd.notna(row.accuracy):
            yield Record(
                source=f"{path.name}, line {line}",
                comparison=path.name.removesuffix("-runs.csv"),
                what=row.variant,
                **{name: getattr(row, name) for name in NETWORK_COLUMNS},
                held=row.held,
                seed=int(row.seed),
                examples=int(row.examples),
                accuracy=float(row.accuracy),
                run=str(getattr(row, "run", "")),
            )
