"""The report: whole, by itself, and saying what the studies say."""

from __future__ import annotations

import base64
import io
import re
import shutil
import tomllib
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from models.errors import InputError
from results.experiments.study.choosing import setting_of
from results.experiments.study.findings import Findings
from results.experiments.study.matching import match
from results.experiments.study.plan import Plan
from results.paths import PUBLISHED
from results.report import page
from results.report.report import findings, report, verdict


class Reader(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[dict[str, str]] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.images.append(found)
        if "href" in found:
            self.links.append(found["href"])
        if "id" in found:
            self.places.add(found["id"])
        if tag not in ("img", "meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_needs_nothing_but_itself(page_file: Path) -> None:
    written = page_file.read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(written)
    assert reader.open == []
    assert len(reader.images) > 15
    for image in reader.images:
        kind, _, data = image["src"].partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data).startswith(b"\x89PNG")
        assert len(image["alt"]) > 20
    for link in reader.links:
        assert link == "data:," or link.removeprefix("#") in reader.places
    assert "<script" not in written


def test_the_verdict_comes_first_and_every_committed_run_is_there(page_file: Path) -> None:
    written = page_file.read_text(encoding="utf-8")
    assert written.index('class="verdict"') < written.index("<h2")
    for path in PUBLISHED.glob("**/*-runs.csv"):
        for line in range(2, len(pd.read_csv(path)) + 2):
            if pd.notna(pd.read_csv(path)["accuracy"].iloc[line - 2]):
                assert f"{path.name}, line {line}<" in written


def made(name: str, difference: float, seeds: int = 10, onset: float = 20.0) -> Findings:
    """Return findings on 200 recordings of 50 words by a speaker, on which the Gaussian is better by a difference."""
    rng = np.random.default_rng(1)
    hard = rng.random(200)
    plan = Plan(name, "fsdd", seeds=seeds)
    chosen = {window: options[3].settings(1, ("engine=cpu",)) for window, options in plan.candidates().items()}
    rows = [
        {"variant": window, "seed": seed, "held": "test", "examples": 200, "accuracy": right.mean(), "right": digits}
        | {"data": "made", "window": window, "hidden": "64", "kind": "recurrent", "failed": ""}
        | {"run": f"runs/fsdd/{chosen[window].hash()}-s{seed}"}
        for seed in range(1, seeds + 1)
        for window, worth in (("exponential", 0.0), ("uniform", 0.0), ("gaussian", difference), ("bump", 0.0))
        for right in [hard + rng.normal(0, 0.02, 200) < 0.6 + worth]
        for digits in ["".join(map(str, right.astype(int)))]
    ]
    slices = pd.DataFrame({"begin": [0.0, 350.0], "alone": [0.8, 0.2], "until": [0.8, 0.9], "chance": 0.1})
    choice = pd.DataFrame(
        [
            ("test", window, setting_of(option), 0.5 + 0.01 * i, i == 3)
            for window, options in plan.candidates().items()
            for i, option in enumerate(options)
        ],
        columns=["held", "window", "setting", "validation", "chosen"],
    )
    environment = {"commit": "0123456789abcdef", "python": "3.11", "cores": 2}
    place = np.arange(200)
    recordings = pd.DataFrame({"held": "test", "speaker": place // 40, "word": place // 4 % 10}).astype(str)
    matched = match(plan, choice, slices)
    configs = {config.hash(): tomllib.loads(config.toml()) for config in chosen.values()}
    made_of = (environment, ["fedcba9876543210"], configs)
    return Findings(plan, pd.DataFrame(rows), recordings, matched, slices, onset, *made_of)


@pytest.mark.parametrize(
    ("difference", "words"),
    [(0.2, "is better than"), (-0.2, "is worse than"), (0.0, "neither shown to be better nor worse")],
)
def test_the_verdict_is_what_the_study_says(difference: float, words: str) -> None:
    study = made("made", difference)
    sentences = verdict([study])
    assert len(sentences) == 3
    assert sentences[0].startswith("On made the Gaussian window")
    assert words in sentences[0]
    row = study.table.set_index("window").loc["gaussian"]
    assert row["difference"] == pytest.approx(difference, abs=0.05)
    for number in ("difference", "difference_low", "difference_high"):
        assert f"{row[number]:+.3f}" in sentences[0]
    assert f"{row['detectable']:.3f} on made" in sentences[1]
    assert "begin after 20 ms (made)" in sentences[1]
    assert "nearly solved" not in sentences[1]
    assert "centred at" in sentences[2]
    assert "nothing follows for other words, or other speakers than these 5" in study.scope
    assert "study" in verdict([])[0]


def test_data_that_are_too_easy_are_said_to_be_and_come_last(tmp_path: Path) -> None:
    easy = replace(made("easy", 0.0), rows=made("easy", 0.0).rows.assign(accuracy=1.0, right="1" * 200))
    for study in (easy, made("hard", 0.1), made("small-fsdd-index", 0.1)):
        study.write(tmp_path)
    studies = findings(tmp_path)
    assert [study.plan.name for study in studies] == ["hard", "easy"], "small ones only where there is no other"
    assert "easy is nearly solved" in verdict(studies)[1]


def test_numbers_go_with_the_runs_that_back_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Figures are another test's.
    monkeypatch.setattr("results.report.report.draw", lambda *_: {})
    kept = tmp_path / "published"
    shutil.copytree(PUBLISHED, kept)
    shutil.rmtree(kept / "study", ignore_errors=True)
    target = tmp_path / "report.html"
    without = report(Console(file=io.StringIO()), target, kept).read_text(encoding="utf-8")
    assert "No study has been committed yet" in without
    assert "robustness-runs.csv, line 2<" in without
    made("made", 0.1).write(kept / "study")
    text = report(Console(file=io.StringIO()), target, kept).read_text(encoding="utf-8")
    assert "made-runs.csv, line 2<" in text
    assert "fedcba987654" in text
    runs = kept / "study" / "made-runs.csv"
    lines = runs.read_text().splitlines(keepends=True)
    runs.write_text("".join(line for line in lines if not line.startswith("gaussian,10,")))
    fewer = report(Console(file=io.StringIO()), target, kept).read_text(encoding="utf-8")
    assert "over 10 seeds and 50 pairs of speaker and word" in text
    assert "over 9 seeds and 50 pairs of speaker and word" in fewer


def test_text_is_escaped() -> None:
    assert page.paragraph("a < b & c") == "<p>a &lt; b &amp; c</p>"
    text = page.table(pd.DataFrame({"x_y": ["<b>", "c"], "n": [0.5, float("nan")]}), "1 < 2")
    assert "&lt;b&gt;" in text
    assert '<td class="n">0.500</td>' in text
    assert "1 &lt; 2" in text


def test_one_seed_gives_no_verdict_and_no_number_that_is_none() -> None:
    study = made("made", 0.2, seeds=1)
    said = " ".join([*verdict([study]), study.scope, study.answer])
    assert "can't be told from 1 seeds" in said
    assert "nan" not in said
    labels = [text.get_text() for axes in study.draw_verdict().axes for text in axes.texts]
    assert labels.count("the reference ") == 1


@pytest.mark.parametrize(
    ("ending", "change", "said"),
    [
        (".json", lambda text: text[:100], "is not a study's"),
        (".json", lambda text: text.replace('"onset"', '"outset"'), "is not a study's: it lacks 'onset'"),
        (".json", lambda text: re.sub(r'"\w{12}": {', '"0123456789ab": {', text), "lacks the config"),
        (".json", lambda text: text.replace('"seeds": 10', '"seeds": "ten"'), "is not a study's"),
        ("-runs.csv", lambda text: text[: text.rstrip().rindex("\n") + 12], "a run has neither"),
        ("-runs.csv", lambda text: text + text.splitlines()[-1] + "\n", "is there twice"),
        ("-choice.csv", lambda text: "", "is not a table"),
        ("-slices.csv", None, "is missing"),
        ("-recordings.csv", lambda text: text.replace("speaker", "talker"), "has no column speaker"),
    ],
)
def test_a_damaged_study_is_refused_with_the_files_name(
    tmp_path: Path, ending: str, change: Callable[[str], str] | None, said: str
) -> None:
    made("made", 0.1).write(tmp_path)
    path = tmp_path / f"made{ending}"
    if change is None:
        path.unlink()
    else:
        text = path.read_text()
        path.write_text(change(text))
        assert path.read_text() != text
    with pytest.raises(InputError, match=f"made{ending}.*{said}"):
        Findings.read(tmp_path / "made.json")
