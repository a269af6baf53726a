"""The report's contents: the verdict first, then figures, tables, the runs behind them, and how to repeat it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from pipeline.data.atomic import write_atomically
from pipeline.pictures.save import save
from results.experiments.study import matching
from results.experiments.study.findings import Findings
from results.experiments.study.plan import ELSEWHERE, SMALL
from results.figures.gallery import DRAWINGS, draw
from results.paths import OUT, PUBLISHED
from results.report.page import page, paragraph, picture, table
from results.tables import tables
from results.tables.records import of_comparison

TARGET = OUT / "report.html"
TITLE = "Spoken Spikes: which readout window?"

PICTURES = {
    "robustness.png": "Gradient norms by the least slope at a spike, losses, silent neurons, and how 40 trainings end.",
}


def report(console: Console, target: Path = TARGET, published: Path = PUBLISHED) -> Path:
    """Write the report from committed results and computed figures.

    Parameters
    ----------
    console : Console
        Where the file is named.
    target : Path
    published : Path
        Committed results.

    Returns
    -------
    Path
    """
    studies = findings(published / "study")
    body = [
        f"<h1>{escape(TITLE)}</h1>",
        '<nav><a href="#windows">Windows</a><a href="#figures">Figures</a><a href="#tables">Tables</a>'
        '<a href="#runs">Runs</a><a href="#repeat">Repeat it</a></nav>',
        '<div class="verdict">' + "".join(paragraph(text) for text in verdict(studies)) + "</div>",
        '<h2 id="windows">The windows, compared</h2>',
    ]
    for study in studies:
        body += _study(study)
    body += ['<h2 id="figures">Figures</h2>']
    body += [picture(published / name, says) for name, says in PICTURES.items() if (published / name).is_file()]
    with tempfile.TemporaryDirectory() as folder:
        for name, png in draw((), Console(quiet=True), Path(folder), published).items():
            body.append(picture(png, DRAWINGS[name].says))
    body += _tables(published)
    body += _runs(published)
    body += [
        '<h2 id="repeat">How to repeat it</h2>',
        "<pre>make study          # hours on two cores; SMALL=1 for ten minutes\nmake robustness ablation\n"
        "make bench gradcheck\nmake sweep SPACE=thesis\nmake figures tables report</pre>",
        paragraph(
            "The same study on the Spiking Heidelberg Digits and Speech Commands, which takes a GPU or days: "
            f'make study PLAN="{" ".join(plan.name for plan in ELSEWHERE)}".'
        ),
    ]
    write_atomically(target, [page(TITLE, body).encode()])
    console.print(str(target), highlight=False, soft_wrap=True)
    return target


def findings(folder: Path) -> list[Findings]:
    """Return the committed studies, the one that says most first; small ones only where there is no other."""
    found = [Findings.read(path) for path in sorted(folder.glob("*.json"))]
    small = {plan.name for plan in SMALL}
    found = [f for f in found if f.plan.name not in small] or found
    return sorted(found, key=lambda f: (f.at_ceiling, not f.plan.loso, f.plan.name))


def verdict(studies: Sequence[Findings]) -> list[str]:
    """Return three sentences: what was found, what could have been and does not follow, and where windows look."""
    if not studies:
        return ["No study has been committed yet; `make study` runs it."]
    answers = "; ".join(f"on {f.plan.name} {f.answer}" for f in studies)
    told = [f for f in studies if np.isfinite(f.gaussian["detectable"])]
    seen = ", ".join(f"{f.gaussian['detectable']:.3f} on {f.plan.name}" for f in told) or "unknown size"
    begin = ", ".join(f"{f.onset:.0f} ms ({f.plan.name})" for f in studies)
    easy = [f.plan.name for f in studies if f.at_ceiling]
    return [
        f"{answers[0].upper()}{answers[1:]}.",
        f"Four of five such studies would find true differences of {seen}, smaller ones may exist"
        + (
            f"; {' and '.join(easy)} {'is' if len(easy) == 1 else 'are'} nearly solved, where differences are small"
            if easy
            else ""
        )
        + f"; nothing follows for words that begin later in the trial than these, which begin after {begin}.",
        f"{studies[0].plan.name}: {matching.sentence(studies[0].choice, studies[0].slices)}.",
    ]


def _study(study: Findings) -> list[str]:
    plan = study.plan
    with tempfile.TemporaryDirectory() as folder:
        drawn = (Path(folder) / "verdict.png", Path(folder) / "slices.png")
        save(study.draw_verdict(), drawn[0])
        save(study.draw_information(), drawn[1])
        says = f"{plan.name}: accuracies of four windows, and differences from the exponential one; 95 % intervals."
        found = [f"<h3>{escape(plan.name)}</h3>", picture(drawn[0], says)]
        says = "How well words are known from slices of 50 ms by a linear readout, and what the chosen windows weigh."
        found.append(picture(drawn[1], says))
    found += [paragraph(f"{text}.") for text in study.sentences]
    made = study.environment
    settings = " ".join([plan.config, *plan.shared])
    caption = (
        f"Config {settings}; runs made by commit {', '.join(commit[:12] for commit in study.commits)}, tables by "
        f"{str(made['commit'])[:12]}, Python {made['python']}, {made['cores']} cores. "
        "p corrected: for three comparisons (Holm)."
    )
    found.append(table(study.table, caption))
    chosen = table(study.choice, "Every window's settings, by validation accuracy with seeds of their own.")
    return [*found, f"<details><summary>How settings were chosen</summary>{chosen}</details>"]


def _tables(published: Path) -> list[str]:
    comparisons = sorted(published.glob("**/*-runs.csv"))
    scores = tables.accuracy(record for path in comparisons for record in of_comparison(path))
    return [
        '<h2 id="tables">Tables</h2>',
        table(scores, "Accuracy: means over seeds, 95 % intervals by Student's t."),
        table(tables.parameters(), "The shipped configs."),
        table(tables.speed(published / "bench"), "Training time and memory (make bench)."),
        table(tables.sweeps(published / "sweeps"), "What sweeps found on validation."),
        table(
            pd.read_csv(published / "literature.csv"), "Other people's accuracies in per cent; none was measured here."
        ),
    ]


def _runs(published: Path) -> list[str]:
    body = ['<h2 id="runs">The runs behind the numbers</h2>']
    for path in sorted(published.glob("**/*-runs.csv")):
        frame = pd.DataFrame([vars(record) for record in of_comparison(path)])[
            ["source", "what", "held", "seed", "examples", "accuracy", "run"]
        ]
        name = path.name.removesuffix("-runs.csv")
        shown = table(frame, f"{len(frame)} runs.")
        body.append(f"<details><summary>{escape(name)}</summary>{shown}</details>")
    return body
