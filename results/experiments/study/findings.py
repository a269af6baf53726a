"""What a plan's runs come to: the table, the sentences, the pictures; from memory or from committed files alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import TypeAdapter

from models.errors import InputError
from pipeline.config import Config, config_from_table
from pipeline.data.atomic import write_atomically
from results.experiments.comparison.provenance import config_hash_of
from results.experiments.study import matching
from results.experiments.study.plan import REFERENCE, Plan
from results.figures.study import information, verdict
from results.statistics.hypothesis_tests import LEVEL, p_text
from results.statistics.paired import PAIRS, compare
from results.tables.files import check_runs, read_csv, write_csv
from results.tables.text import markdown

PARTS = {
    "runs": ("variant", "seed", "held", "accuracy", "right", "failed", "run"),
    "recordings": ("held", "speaker", "word"),
    "choice": ("held", "window", "setting", "validation", "chosen", "centre", "overlap"),
    "slices": ("begin", "alone", "until", "chance"),
}
"""The tables beside a study's JSON, and columns that they must have."""

TEXT = {
    "runs": ("variant", "held", "right", "failed", "run"),
    "recordings": PARTS["recordings"],
    "choice": ("held",),
    "slices": (),
}

CEILING = 0.97
"""Accuracy of the reference above which data are nearly solved: differences can only be small there."""


@dataclass(frozen=True)
class Findings:
    """A plan, trained.

    Attributes
    ----------
    plan : Plan
    rows : DataFrame
        Of `comparison.runs.run_all`: the runs that are compared.
    recordings : DataFrame
        Of `recordings.recordings`: what they were scored on.
    choice : DataFrame
        Of `matching.match`.
    slices : DataFrame
        Of `slices.by_slice`.
    onset : float
        ms of the trial before a twentieth of the spikes has come: the median over recordings.
    environment : mapping
        Where tables were made.
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
        """Read what `write` has written; ``path`` is the ``<plan>.json``.

        Raises
        ------
        InputError
            If a file is missing, damaged or of another version.
        """
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
            plan = TypeAdapter(Plan).validate_python(about["plan"])
            onset, environment = float(about["onset"]), about["environment"]
            commits, configs = about["commits"], about["configs"]
        except KeyError as error:
            raise InputError(f"{path} is not a study's: it lacks {error}; make study writes it anew") from None
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"{path} is not a study's: {type(error).__name__}, {str(error).splitlines()[0]}") from None

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
        said = "\n\n".join(f"{sentence}." for sentence in self.sentences)
        text = f"{markdown(self.table)}\n{said}\n\nChosen on validation:\n\n{markdown(self.choice)}"
        write_atomically(folder / f"{self.plan.name}.md", [text.encode()])

    @cached_property
    def table(self) -> pd.DataFrame:
        """The windows, compared; see `statistics.compare`."""
        return compare(self.rows, self.recordings, REFERENCE)

    @property
    def gaussian(self) -> pd.Series:
        """The Gaussian window's row."""
        return self.table.set_index("window").loc["gaussian"]

    @property
    def at_ceiling(self) -> bool:
        """Whether the data are nearly solved."""
        return bool(self.table.set_index("window").loc[REFERENCE, "accuracy"] > CEILING)

    @property
    def sentences(self) -> list[str]:
        """What follows for the Gaussian window, what could have been seen, and where it looks; without full stops."""
        return [f"{self.plan.name}: {self.answer}", self.scope, matching.sentence(self.choice, self.slices)]

    @property
    def answer(self) -> str:
        """Whether the Gaussian window is better, with the interval."""
        row = self.gaussian
        if not np.isfinite(row["p_corrected"]):
            return (
                f"whether the Gaussian window is better than the {REFERENCE} one can't be told from {row['paired']} "
                f"seeds and {row['scored_on']} {row['units']}"
            )
        found = row["p_corrected"] < LEVEL
        what = ("better" if row["difference"] > 0 else "worse") if found else "neither shown to be better nor worse"
        interval = f"{row['difference']:+.3f} ({row['difference_low']:+.3f} to {row['difference_high']:+.3f}"
        return (
            f"the Gaussian window is {what} than the {REFERENCE} one, {interval}, over {row['paired']} seeds and "
            f"{row['scored_on']} {row['units']}; {p_text(row['p_corrected'])} for the windows together)"
        )

    @property
    def scope(self) -> str:
        """What else the numbers say, and what they can't."""
        row = self.gaussian
        alone = f"{row['seeds_low']:+.3f} to {row['seeds_high']:+.3f} ({p_text(row['seeds_p'])})"
        said = f"{self.plan.name}: given the settings that validation chose"
        if np.isfinite(row["seeds_low"]):
            said += f"; other seeds alone, on these very {row['units']}, would give {alone}"
        if np.isfinite(row["detectable"]):
            said += f"; a true difference of {row['detectable']:.3f} would be found by four of five such studies"
        failed = int(self.table["failed"].sum())
        if failed:
            said += f"; {failed} runs failed and are left out with their seeds"
        if row["units"] == PAIRS:
            speakers = self.recordings["speaker"].nunique()
            said += f"; nothing follows for other words, or other speakers than these {speakers}"
        if self.at_ceiling:
            said += "; these data are nearly solved, and differences can only be small"
        return said

    def draw_verdict(self) -> Figure:
        """Draw the comparison; see `pictures.verdict`."""
        return verdict(self.table, self.plan.name)

    def draw_information(self) -> Figure:
        """Draw where the words' information lies and where the chosen windows look; see `pictures.information`."""
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
