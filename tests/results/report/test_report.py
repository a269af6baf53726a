"""The report: whole, by itself, and saying what the studies say."""

from __future__ import annotations

import base64
import io
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from results.report import page
from results.report.report import PUBLISHED, report, verdict


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


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("report") / "report.html"
    return report(Console(file=io.StringIO()), target).read_text(encoding="utf-8")


def test_it_needs_nothing_but_itself(written: str) -> None:
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


def test_the_verdict_comes_first_and_every_committed_run_is_there(written: str) -> None:
    assert written.index('class="verdict"') < written.index("<h2")
    for path in PUBLISHED.glob("**/*-runs.csv"):
        for line in range(2, len(pd.read_csv(path)) + 2):
            if pd.notna(pd.read_csv(path)["accuracy"].iloc[line - 2]):
                assert f"{path.name}, line {line}<" in written
                break


def study_row(window: str, difference: float, p: float) -> dict[str, object]:
    return {
        "window": window,
        "seeds": 10,
        "difference": difference,
        "difference_low": difference - 0.01,
        "difference_high": difference + 0.01,
        "p_corrected": p,
        "detectable": 0.02,
    }


@pytest.mark.parametrize(
    ("difference", "p", "words"),
    [(0.03, 0.01, "better on made"), (-0.03, 0.01, "worse on made"), (0.03, 0.2, "not shown to be better or worse")],
)
def test_the_verdict_is_what_the_study_says(difference: float, p: float, words: str, tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    pd.DataFrame([study_row("gaussian", difference, p), study_row("bump", 0.0, 1.0)]).to_csv(path, index=False)
    choice = {"window": ["gaussian", "gaussian"], "overlap": [0.7, 0.2], "chosen": [True, False]}
    pd.DataFrame(choice).to_csv(tmp_path / "made-choice.csv", index=False)
    sentences = verdict([path])
    assert len(sentences) == 3
    assert "gaussian 0.70" in sentences[2]
    assert words in sentences[0]
    assert f"{difference:+.3f}" in sentences[0]
    assert "0.020" in sentences[1]
    assert "any speakers" not in sentences[0]
    assert "study" in verdict([])[0]


def test_the_verdict_says_what_holds_for_any_speakers_where_some_were_left_out(tmp_path: Path) -> None:
    row = study_row("gaussian", 0.03, 0.01) | {"folds": 5, "anyone_low": -0.02, "anyone_high": 0.08}
    pd.DataFrame([row]).to_csv(tmp_path / "made.csv", index=False)
    pd.DataFrame({"window": ["gaussian"], "chosen": [True]}).to_csv(tmp_path / "made-choice.csv", index=False)
    sentences = verdict([tmp_path / "made.csv"])
    assert "for any speakers, of whom made has 5, between -0.020 and +0.080" in sentences[0]
    assert "not been measured" in sentences[2]


def test_without_a_committed_study_its_numbers_are_gone(tmp_path: Path, written: str) -> None:
    kept = tmp_path / "published"
    shutil.copytree(PUBLISHED, kept)
    shutil.rmtree(kept / "study")
    text = report(Console(file=io.StringIO()), tmp_path / "report.html", kept).read_text(encoding="utf-8")
    assert "small-fsdd-index" in written
    assert "small-fsdd-index" not in text
    assert "robustness-runs.csv, line 2<" in text


def test_text_is_escaped() -> None:
    assert page.paragraph("a < b & c") == "<p>a &lt; b &amp; c</p>"
    text = page.table(pd.DataFrame({"x_y": ["<b>", "c"], "n": [0.5, float("nan")]}), "1 < 2")
    assert "&lt;b&gt;" in text
    assert '<td class="n">0.500</td>' in text
    assert "1 &lt; 2" in text
