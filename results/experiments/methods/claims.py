"""Claims of the thesis about training methods, each with what this project found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from results.experiments.comparison.sentences import outcome
from results.experiments.methods.findings import Findings
from results.experiments.methods.plan import REFERENCE
from results.experiments.methods.sentences import accuracy, difference
from results.tables.files import read_json

Rows = Sequence[Mapping[str, Any]]
"""Of the benchmark ``methods``: time and memory of training by method and by the trial's length."""


@dataclass(frozen=True)
class Claim:
    """A claim that the thesis makes or passes on, and what was found here."""

    claim: str
    found: str


def claims(found: Sequence[Findings], lengths: Rows) -> list[Claim]:
    """Return all claims; what was not measured is said to be open."""
    said: dict[str, Callable[[], list[str]]] = {
        "Exact gradients do better than surrogate gradients": lambda: _against(found, "surrogate gradient"),
        "Eventprop is 3 times faster than backpropagation through time and takes a quarter of its memory": lambda: (
            _ratios(lengths, "surrogate")
        ),
        "e-prop's accuracy is typically lower": lambda: _against(found, "e-prop"),
        "ParaLIF trains up to 200 times faster than neurons that are stepped through": lambda: _parallel(lengths),
        "STDP networks classify 80 to 94 % of spoken digits": lambda: _plasticity(found),
        "Conversion costs time steps, and operations with them": lambda: _conversion(found),
    }
    return [Claim(claim, " ".join(find()) or "Not measured here.") for claim, find in said.items()]


def table(found: Sequence[Findings], benchmarks: Path) -> pd.DataFrame:
    """Return the table of all claims, given the folder where the benchmark ``methods`` lies, if it was measured."""
    path = benchmarks / "methods.json"
    said = claims(found, read_json(path, "rows") if path.is_file() else ())
    return pd.DataFrame([(one.claim, one.found) for one in said], columns=["claim", "found here"])


def _against(found: Sequence[Findings], method: str) -> list[str]:
    """Return how a method compares with the reference on each data set."""
    verdicts = {
        "better": f"{method} is better than {REFERENCE}",
        "worse": f"{method} is worse than {REFERENCE}",
        "open": "no difference is shown",
        "unknown": "too few runs",
    }
    said = []
    for one in found:
        if (row := one.row(method)) is not None:
            said.append(f"{one.name}: {verdicts[outcome(row)]}, {difference(row)}.")
    return said


def _by_steps(lengths: Rows, method: str, column: str) -> dict[int, float]:
    """Return a column of the benchmark by the number of steps, of the recurrent network where there is one."""
    measured = [row for row in lengths if row.get("method") == method and row.get(column) is not None]
    return {int(row["steps"]): float(row[column]) for row in reversed(measured) if "steps" in row["case"]}


def _ratios(lengths: Rows, method: str) -> list[str]:
    times, memory = (_by_steps(lengths, method, column) for column in ("times_the_time", "times_the_memory"))
    if not times:
        return []
    ends = (min(times), max(times))
    return [
        f"On one core, backpropagation through time takes {times[n]:.0f} times {REFERENCE}'s time and {memory[n]:.0f} "
        f"times its memory with {n:,} steps a trial."
        for n in ends
    ]


def _parallel(lengths: Rows) -> list[str]:
    own, stepped = (_by_steps(lengths, method, "cpu_ms_an_example") for method in ("parallel-lif", "surrogate"))
    both = sorted(set(own) & set(stepped))
    if not both:
        return []
    ratios = {n: stepped[n] / own[n] for n in both}
    said = ", ".join(f"{ratio:.2g} with {n:,} steps" for n, ratio in ratios.items())
    return [
        "The authors' figure is of a forward pass of one example on a GPU; they read the clock without waiting for it.",
        f"In training on one core of a CPU, stepping takes this many times ParaLIF's time: {said}.",
    ]


def _plasticity(found: Sequence[Findings]) -> list[str]:
    said = []
    for one in found:
        rows = [one.row(name) for name in one.table["method"] if str(name).startswith("STDP")]
        if not rows:
            continue
        parts = ", ".join(f"{row['method']} {accuracy(row)}" for row in rows if row is not None)
        beside = ", ".join(
            f"{row['method']} {accuracy(row)}"
            for name in ("fixed random weights", "logistic regression on MFCC")
            if (row := one.row(name)) is not None
        )
        said.append(f"{one.name}: {parts}; beside them {beside}." if beside else f"{one.name}: {parts}.")
    return said


def _conversion(found: Sequence[Findings]) -> list[str]:
    said = []
    tables = [(one.name, method, steps) for one in found for method, steps in one.steps.groupby("method", sort=False)]
    for name, method, steps in tables:
        means = steps.groupby("steps")[["accuracy", "operations", "unconverted", "macs"]].mean()
        near = means[means["accuracy"] >= means["unconverted"] - 0.01]
        whole = means["unconverted"].iloc[0]
        if near.empty:
            said.append(f"{name}, {method}: not even {means.index.max()} steps come within one point of {whole:.3f}.")
            continue
        least = int(near.index.min())
        ratio = near["operations"].iloc[0] / near["macs"].iloc[0]
        said.append(
            f"{name}, {method}: {least} steps come within one point of the {whole:.3f} of rectified units, with "
            f"{ratio:.2g} times their operations."
        )
    return said
