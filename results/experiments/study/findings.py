"""A study's results: its table, sentences and pictures, made from its runs, whether just trained or published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from pydantic import TypeAdapter

from models.errors import InputError
from pipeline.config import Config, config_from_table
from pipeline.data.atomic import write_atomically
from results.experiments.comparison.provenance import config_hash_of
from results.experiments.study import matching, sentences
from results.experiments.study.plan import REFERENCE, Plan
from results.figures.study import information, verdict
from results.statistics.paired import HEADERS, compare
from results.tables.files import check_runs, read_csv, refused_as, write_csv
from results.tables.text import markdown

PARTS = {
    "runs": ("variant", "seed", "held", "accuracy", "right", "failed", "run"),
    "recordings": ("held", "speaker", "word"),
    "choice": ("held", "window", "setting", "validation", "chosen", "centre", "overlap"),
    "slices": ("begin", "alone", "until", "chance"),
}
"""The tables beside a study's JSON, and the columns that they must have."""

TEXT = {
    "runs": ("variant", "held", "right", "failed", "run"),
    "recordings": PARTS["recordings"],
    "choice": ("held",),
    "slices": (),
}
"""Their columns of text."""


@dataclass(frozen=True)
class Findings:
    """The results of a plan whose runs are trained.

    Attributes
    ----------
    plan : Plan
    rows : DataFrame
        The runs that are compared; see `Runner.train`.
    recordings : DataFrame
        What they were scored on; see `recordings.recordings`.
    choice : DataFrame
        Every window's settings and which of them validation chose; see `matching.match`.
    slices : DataFrame
        What slices of time tell about the word; see `slices.by_slice`.
    onset : float
        ms from the trial's begin to the word's, when a twentieth of its spikes has come: the median over recordings.
    environment : mapping
        Where the tables were made.
    commits : sequence of str
        Of the code that trained the runs.
    configs : mapping
        The resolved configs of the runs, as tables, by hash; see `comparison.provenance`.
    """

    plan: Plan
    rows: pd.DataFrame
    recordings: pd.DataFrame
    choice: pd.DataFrame
    slices: pd.DataFrame
    onset: float
    environment: Mapping[str, Any]
    commits: Sequence[str]
    configs: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Findings:
        """Read what `write` wrote; ``path`` is that of ``<plan>.json``.

        Raises
        ------
        InputError
            If a file is missing or damaged, or lacks something.
        """
        with refused_as(path, "a study's", "make study"):
            about = json.loads(path.read_text(encoding="utf-8"))
            plan = TypeAdapter(Plan).validate_python(about["plan"])
            onset, environment = float(about["onset"]), about["environment"]
            commits, configs = about["commits"], about["configs"]

        def part(name: str) -> pd.DataFrame:
            return read_csv(path.with_name(f"{path.stem}-{name}.csv"), TEXT[name], PARTS[name])

        rows = part("runs")
        check_runs(path.with_name(f"{path.stem}-runs.csv"), rows)
        lacking = {config_hash_of(run) for run in rows["run"].dropna()} - set(configs)
        if lacking:
            raise InputError(f"{path} lacks the config {min(lacking)} of a run in {path.stem}-runs.csv")
        parts = part("recordings"), part("choice"), part("slices")
        return cls(plan, rows, *parts, onset, environment, commits, configs)

    def write(self, folder: Path) -> None:
        """Write ``<plan>.csv``, ``.md`` and ``.json``, and ``-runs``, ``-recordings``, ``-choice``, ``-slices.csv``."""
        parts = {"": self.table, "-runs": self.rows, "-recordings": self.recordings}
        parts |= {"-choice": self.choice, "-slices": self.slices}
        for ending, part in parts.items():
            write_csv(folder / f"{self.plan.name}{ending}.csv", part)
        about = {"plan": asdict(self.plan), "onset": self.onset, "commits": list(self.commits)}
        about |= {"environment": self.environment, "configs": self.configs}
        text = json.dumps(about, indent=2) + "\n"
        write_atomically(folder / f"{self.plan.name}.json", [text.encode()])
        said, table = "\n\n".join(self.sentences), markdown(self.table.rename(columns=HEADERS))
        choice = markdown(self.choice.rename(columns=matching.HEADERS))
        text = f"{table}\n{said}\n\nSettings of every window, of which validation chose one:\n\n{choice}"
        write_atomically(folder / f"{self.plan.name}.md", [text.encode()])

    @cached_property
    def table(self) -> pd.DataFrame:
        """The windows, compared; see `statistics.paired.compare`."""
        return compare(self.rows, self.recordings, REFERENCE)

    @property
    def gaussian(self) -> pd.Series:
        """The Gaussian window's row."""
        return self.table.set_index("window", drop=False).loc["gaussian"]

    @property
    def reference_accuracy(self) -> float:
        """Mean accuracy of the reference window."""
        return float(self.table.set_index("window").loc[REFERENCE, "accuracy"])

    @property
    def at_ceiling(self) -> bool:
        """Whether the data are nearly solved; see `sentences.CEILING`."""
        return self.reference_accuracy > sentences.CEILING

    @property
    def where(self) -> str:
        """What was scored, and the study's name: "with speakers held out one at a time (fsdd-loso)"."""
        scored = "with speakers held out one at a time" if self.plan.loso else "on the test part"
        return f"{scored} ({self.plan.name})"

    @property
    def answer(self) -> str:
        """Whether the Gaussian window differs from the reference, and by how much."""
        row = self.gaussian
        measured = sentences.measured(row, sentences.named(row["window"]))
        return f"{sentences.verdict(row)} {sentences.capitalised(self.where)} {measured}."

    @property
    def details(self) -> list[str]:
        """The answer, what it holds for, and where windows look, in sentences."""
        speakers = self.recordings["speaker"].nunique()
        failed = int(self.table["failed"].sum())
        return [
            self.answer,
            *sentences.scope(self.gaussian, speakers, self.reference_accuracy, self.onset),
            *([f"{failed} runs failed; they are left out with their seeds."] if failed else []),
            matching.location(self.choice, self.slices),
            *matching.association(self.choice),
        ]

    @property
    def sentences(self) -> list[str]:
        """The details, and the rank of the place that validation chose."""
        return [*self.details, *matching.ranked(self.choice)]

    def draw_verdict(self) -> Figure:
        """Draw the comparison; see `figures.study.verdict`."""
        return verdict(self.table, self.plan.name)

    def draw_information(self) -> Figure:
        """Draw what slices of time tell and where the chosen windows look; see `figures.study.information`."""
        config = self.windows[0][1]
        return information(self.slices, self.windows, config.data.trial, config.steps)

    @property
    def windows(self) -> list[tuple[str, Config]]:
        """The windows that were compared, by name, with the configs that trained them; each config once."""
        runs = self.rows.dropna(subset="run")
        trained = dict.fromkeys(zip(runs["variant"], map(config_hash_of, runs["run"]), strict=True))
        return [
            (name, config_from_table(self.configs[config], f"config {config} of {self.plan.name}"))
            for name, config in trained
        ]
