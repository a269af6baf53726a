"""The report's contents: the verdict first, then figures, tables, the runs behind them, and how to repeat it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import pandas as pd
from rich.console import Console

from pipeline.data.atomic import write_atomically
from results.figures.gallery import DRAWINGS, draw
from results.report.page import page, paragraph, picture, table
from results.study.plan import ELSEWHERE
from results.study.statistics import LEVEL
from results.tabulate import tables
from results.tabulate.records import of_comparison
from results.tabulate.write import PUBLISHED

TARGET = Path("results/report.html")
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
    studies = sorted(path for path in (published / "study").glob("*.csv") if path.with_suffix(".json").is_file())
    body = [
        f"<h1>{escape(TITLE)}</h1>",
        '<nav><a href="#windows">Windows</a><a href="#figures">Figures</a><a href="#tables">Tables</a>'
        '<a href="#runs">Runs</a><a href="#repeat">Repeat it</a></nav>',
        '<div class="verdict">' + "".join(paragraph(text) for text in verdict(studies)) + "</div>",
        '<h2 id="windows">The windows, compared</h2>',
    ]
    for path in studies:
        body += _study(path)
    body += ['<h2 id="figures">Figures</h2>']
    body += [picture(published / name, says) for name, says in PICTURES.items() if (published / name).is_file()]
    with tempfile.TemporaryDirectory() as folder:
        for name, png in draw((), Console(quiet=True), Path(folder), published).items():
            body.append(picture(png, DRAWINGS[name].says))
    body += _tables(published)
    body += _runs(published)
    body += [
        '<h2 id="repeat">How to repeat it</h2>',
        "<pre>make study          # a working day on two cores; SMALL=1 for ten minutes\nmake robustness ablation\n"
        "make bench gradcheck\nmake sweep SPACE=thesis\nmake figures tables report</pre>",
        paragraph(
            "The same study on the Spiking Heidelberg Digits and Speech Commands, which takes a GPU or days: "
            f'make study PLAN="{" ".join(plan.name for plan in ELSEWHERE)}".'
        ),
    ]
    write_atomically(target, [page(TITLE, body).encode()])
    console.print(str(target), highlight=False, soft_wrap=True)
    return target


def verdict(studies: Sequence[Path]) -> list[str]:
    """Return three sentences: what was found, what could have been and does not follow, and where windows look."""
    if not studies:
        return ["No study has been committed yet; `make study` runs it."]
    rows = {path.stem: pd.read_csv(path).set_index("window").loc["gaussian"] for path in studies}
    better = [name for name, row in rows.items() if row["p_corrected"] < LEVEL and row["difference"] > 0]
    worse = [name for name, row in rows.items() if row["p_corrected"] < LEVEL and row["difference"] < 0]
    parts = [
        f"{name} {row['difference']:+.3f} ({row['difference_low']:+.3f} to {row['difference_high']:+.3f})"
        for name, row in rows.items()
    ]
    first = "The Gaussian window is not shown to be better or worse than the exponential one"
    if better or worse:
        on = (", ".join(better) or "nothing", ", ".join(worse) or "nothing")
        first = f"Against the exponential window, the Gaussian is better on {on[0]} and worse on {on[1]}"
    seeds = int(min(row["seeds"] for row in rows.values()))
    detectable = max(row["detectable"] for row in rows.values())
    return [
        f"{first}: {'; '.join(parts)}{_for_any_speakers(rows)}.",
        f"With {seeds} seeds or more, paired, differences of {detectable:.3f} would have been found in four of five "
        "such studies, smaller ones may exist; all this is said of these data and networks, in which words begin at "
        "once, and does not follow for recordings with silence before the word, such as the Spiking Heidelberg Digits.",
        _where(studies),
    ]


def _for_any_speakers(rows: Mapping[str, pd.Series]) -> str:
    """Return the intervals that hold for other speakers too, of studies that left some out."""
    wider = [
        f"; for any speakers, of whom {name} has {row['folds']:.0f}, between {row['anyone_low']:+.3f} and "
        f"{row['anyone_high']:+.3f}"
        for name, row in rows.items()
        if "anyone_low" in row
    ]
    return "".join(wider)


def _where(studies: Sequence[Path]) -> str:
    """Return whether the windows that validation chose look where the words' information lies."""
    tables = [pd.read_csv(path.with_name(f"{path.stem}-choice.csv")) for path in studies]
    chosen = pd.concat([table[table["chosen"]] for table in tables if "overlap" in table] or [pd.DataFrame()])
    if chosen.empty:
        return "Where the words' information lies has not been measured."
    overlap = chosen.groupby("window")["overlap"].mean()
    parts = ", ".join(f"{name} {value:.2f}" for name, value in overlap.sort_values(ascending=False).items())
    return (
        "Of the weight of the windows that validation chose, so much lies as the words' information does, told by a "
        f"linear readout of slices of 50 ms: {parts}."
    )


def _study(path: Path) -> list[str]:
    about = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    plan, made = about["plan"], about["environment"]
    settings = " ".join([plan["config"], *plan["shared"]])
    found = [f"<h3>{escape(path.stem)}</h3>"]
    if path.with_suffix(".png").is_file():
        says = f"{path.stem}: accuracies of four windows, and differences from the exponential one; 95 % intervals."
        found.append(picture(path.with_suffix(".png"), says))
    slices = path.with_name(f"{path.stem}-slices.png")
    if slices.is_file():
        says = "How well words are known from slices of 50 ms by a linear readout, and what the windows weigh."
        found.append(picture(slices, says))
    found += [paragraph(f"{text}.") for text in about.get("says", ())]
    caption = f"Config {settings}; {plan['seeds']} seeds; commit {made['commit'][:12]}, Python {made['python']}."
    found.append(table(pd.read_csv(path), caption))
    choice = pd.read_csv(path.with_name(f"{path.stem}-choice.csv"))
    chosen = table(choice, "Every window's settings, by validation accuracy with seeds of their own.")
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
            ["source", "what", "held", "seed", "examples", "accuracy"]
        ]
        name = path.name.removesuffix("-runs.csv")
        shown = table(frame, f"{len(frame)} runs.")
        body.append(f"<details><summary>{escape(name)}</summary>{shown}</details>")
    return body
