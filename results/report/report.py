"""The report: one HTML page with the answer, the figures, the tables and the runs behind them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from pipeline.console import Console
from pipeline.data.atomic import write_atomically
from pipeline.data.datasets.registry import entry, names
from pipeline.pictures.save import save
from results.experiments.study import matching
from results.experiments.study.findings import Findings
from results.experiments.study.plan import ELSEWHERE, REFERENCE, SMALL
from results.figures.gallery import DRAWINGS, draw
from results.paths import OUT, PUBLISHED
from results.report.first_screen import ABOUT, QUESTION, advice, answer
from results.report.methods import compared_methods
from results.report.page import Picture, Table, render
from results.statistics.paired import HEADERS
from results.tables import tables
from results.tables.records import of_comparison
from results.tables.write import published_tables, shipped

SIZE = (5.2, 3.0)
"""Inches of the picture on the first screen: small, so that its text can be read on a phone."""

TARGET = OUT / "report.html"

PICTURES = {
    "robustness.png": "Gradient norms by the least slope at a spike, losses, silent neurons, and how 40 trainings end.",
}
"""Published pictures that are shown as they are."""


def report(console: Console, target: Path = TARGET, published: Path = PUBLISHED) -> Path:
    """Write the report from published results; name it on the console and return its path."""
    found = findings(published / "study")
    pictures = [Picture.of(published / name, says) for name, says in PICTURES.items() if (published / name).is_file()]
    with tempfile.TemporaryDirectory() as folder:
        drawn = draw((), Console(quiet=True), Path(folder), published)
        pictures += [Picture.of(png, DRAWINGS[name].says) for name, png in drawn.items()]
    text = render(
        question=QUESTION,
        about=ABOUT,
        answer=answer(found),
        advice=advice(found),
        studies=[_study(one) for one in found],
        methods=compared_methods(published),
        figures=pictures,
        tables=_tables(published),
        runs={
            str(path.relative_to(published)).removesuffix("-runs.csv"): _runs(path)
            for path in sorted(published.glob("**/*-runs.csv"))
        },
        elsewhere=" ".join(plan.name for plan in ELSEWHERE),
    )
    write_atomically(target, [text.encode()])
    console.print(str(target))
    return target


def findings(folder: Path) -> list[Findings]:
    """Return the published studies: held-out speakers first, then test parts, nearly solved data last.

    Small studies are left out, unless there is no other.
    """
    found = [Findings.read(path) for path in sorted(folder.glob("*.json"))]
    small = {plan.name for plan in SMALL}
    found = [f for f in found if f.plan.name not in small] or found
    return sorted(found, key=lambda f: (f.at_ceiling, not f.plan.loso, f.plan.name))


def _study(study: Findings) -> dict[str, Any]:
    """Return a study's parts, by their names in the template."""
    plan, made = study.plan, study.environment
    data = str(study.rows["data"].iloc[0])
    about = entry(data).summary.partition(";")[0] if data in names() else data
    differences = f"accuracy of four windows, and difference from the {REFERENCE} window; 95 % intervals"
    slices = "Accuracy of a linear readout of 50 ms slices of the trial, and the windows that validation chose."
    settings = " ".join([plan.config, *plan.shared])
    caption = (
        f"Config {settings}; runs made by commit {', '.join(commit[:12] for commit in study.commits)}, tables by "
        f"{str(made['commit'])[:12]}, Python {made['python']}, {made['cores']} cores. p (Holm) is corrected for the "
        "number of windows that are compared."
    )
    verdict = study.draw_verdict()
    verdict.set_size_inches(SIZE)
    settings_of = "Validation accuracy of every window's settings, with seeds that nothing else uses."
    return {
        "name": plan.name,
        "verdict": _drawn(verdict, f"{plan.name}: {differences}. Data: {about}."),
        "information": _drawn(study.draw_information(), slices),
        "sentences": study.details,
        "table": Table.of(study.table.rename(columns=HEADERS), caption),
        "choice": Table.of(study.choice.rename(columns=matching.HEADERS), settings_of),
    }


def _drawn(figure: Figure, says: str) -> Picture:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.png"
        save(figure, path)
        return Picture.of(path, says)


def _tables(published: Path) -> list[Table]:
    return [Table.of(one.shown, one.caption) for one in (*published_tables(published).values(), shipped())]


def _runs(path: Path) -> Table:
    frame = pd.DataFrame([vars(record) for record in of_comparison(path)])
    shown = frame[["source", "what", "held", "seed", "examples", "accuracy", "run"]]
    return Table.of(shown.rename(columns=tables.HEADERS), f"{len(shown)} runs.")
