"""A comparison's results: its table and sentences, made from its runs, whether just trained or published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.data.atomic import write_atomically
from results.experiments.methods.plan import REFERENCE
from results.statistics import paired
from results.tables.files import check_runs, read_csv, refused_as, write_csv
from results.tables.text import markdown

COMPARED = ("seeds", "failed", "difference", "difference_low", "difference_high", "p_corrected", "detectable")
COSTS = ("parameters", "spikes", "operations", "macs", "seconds", "megabytes", "times_the_time", "times_the_memory")

HEADERS = {
    "seeds": "seeds with all runs",
    "failed": "failed runs",
    "low": "95 % CI low",
    "high": "95 % CI high",
    "difference": f"difference from {REFERENCE}",
    "difference_low": "difference, 95 % CI low",
    "difference_high": "difference, 95 % CI high",
    "p_corrected": "p (Holm)",
    "detectable": "minimum detectable difference",
    "spikes": "hidden spikes per example",
    "operations": "synaptic operations per example",
    "macs": "multiply-accumulates per example",
    "seconds": "training time (s per epoch)",
    "megabytes": "peak memory (MB)",
    "times_the_time": f"training time over {REFERENCE}'s",
    "times_the_memory": f"memory over {REFERENCE}'s",
}
"""What readers see in place of the names of columns."""

TEXT = {
    "runs": ("variant", "held", "right", "failed", "run"),
    "recordings": ("held", "speaker", "word"),
    "choice": ("held", "variant", "setting"),
    "costs": ("method",),
    "steps": ("method", "held"),
}
"""The tables beside a comparison's JSON, and their columns of text."""

NEEDS = {
    "runs": ("variant", "seed", "held", "accuracy", "right", "failed", "run"),
    "recordings": TEXT["recordings"],
    "choice": ("held", "variant", "setting", "validation", "chosen"),
    "costs": ("method", *COSTS),
    "steps": ("method", "seed", "held", "steps", "accuracy", "operations"),
}
"""The columns that they must have."""


@dataclass(frozen=True)
class Findings:
    """The results of a plan whose runs are trained.

    Attributes
    ----------
    name : str
        Of the plan.
    loso : bool
        Whether speakers were held out one at a time.
    rows : DataFrame
        The runs that are compared; see `Runner.train`.
    recordings : DataFrame
        What they were scored on: held, speaker, word, in the order of the runs' ``right``.
    choice : DataFrame
        All settings that were tried, and which of them validation chose.
    costs : DataFrame
        What each method costs; see `costs.costs`.
    steps : DataFrame
        Accuracy and operations of converted networks by the number of time steps; see `steps.by_steps`.
    about : mapping
        Where tables were made, commits of the code that trained the runs, and their resolved configs.
    """

    name: str
    loso: bool
    rows: pd.DataFrame
    recordings: pd.DataFrame
    choice: pd.DataFrame
    costs: pd.DataFrame
    steps: pd.DataFrame
    about: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> Findings:
        """Read what `write` wrote; ``path`` is that of ``<plan>.json``.

        Raises
        ------
        InputError
            If a file is missing or damaged, or lacks something.
        """
        with refused_as(path, "a comparison's", "make methods"):
            about = json.loads(path.read_text(encoding="utf-8"))
            name, loso = str(about["plan"]), bool(about["loso"])
            del about["plan"], about["loso"]
        parts = {part: read_csv(path.with_name(f"{path.stem}-{part}.csv"), TEXT[part], NEEDS[part]) for part in TEXT}
        check_runs(path.with_name(f"{path.stem}-runs.csv"), parts["runs"])
        return cls(name, loso, parts.pop("runs"), **parts, about=about)

    def write(self, folder: Path) -> None:
        """Write ``<plan>.csv``, ``.md`` and ``.json``, and the tables of `TEXT`, ``<plan>-runs.csv`` and so on."""
        parts = {"": self.table, "-runs": self.rows, "-recordings": self.recordings, "-choice": self.choice}
        for ending, part in (parts | {"-costs": self.costs, "-steps": self.steps}).items():
            write_csv(folder / f"{self.name}{ending}.csv", part)
        about = {"plan": self.name, "loso": self.loso, **self.about}
        write_atomically(folder / f"{self.name}.json", [(json.dumps(about, indent=2) + "\n").encode()])
        write_atomically(folder / f"{self.name}.md", [markdown(self.shown).encode()])

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a method: accuracy, difference from the reference, costs; see `HEADERS`.

        Intervals are over seeds and units of analysis (`statistics.paired`).
        """
        found = paired.accuracies(self.rows, self.recordings).rename(columns={"variant": "method"})
        table = found.merge(self._compared[["method", *COMPARED]], on="method", how="left")
        return table.merge(self.costs[["method", *COSTS]], on="method", how="left")

    @property
    def shown(self) -> pd.DataFrame:
        """The table as readers see it."""
        return self.table.rename(columns=HEADERS)

    def row(self, method: str) -> pd.Series | None:
        """Return a method's row, or None if it took no part."""
        own = self.table[self.table["method"] == method]
        return None if own.empty else own.iloc[0]

    @property
    def units(self) -> str:
        """The unit of analysis, and how many there are: "5 speakers"."""
        first = self._compared.iloc[0]
        return f"{first['scored_on']} {first['units']}"

    @cached_property
    def _compared(self) -> pd.DataFrame:
        return paired.compare(self.rows, self.recordings, REFERENCE).rename(columns={"window": "method"})


def read_all(folder: Path) -> Sequence[Findings]:
    """Return the comparisons in a folder: held-out speakers first."""
    found = [Findings.read(path) for path in sorted(folder.glob("*.json"))]
    return sorted(found, key=lambda one: (not one.loso, one.name))
