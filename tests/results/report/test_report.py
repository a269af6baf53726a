"""The report: one page that needs nothing else and says what the studies say."""

from __future__ import annotations

import base64
import html
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

from models.errors import InputError
from pipeline.console import Console
from results.experiments.study.choosing import setting_of
from results.experiments.study.findings import Findings
from results.experiments.study.matching import match
from results.experiments.study.plan import Plan
from results.paths import PUBLISHED
from results.report import page
from results.report.first_screen import NO_STUDY, QUESTION, advice, answer
from results.report.report import findings, report
from results.statistics.hypothesis_tests import p_text


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


def test_the_answer_comes_first_what_it_means_next_and_all_else_is_folded(page_file: Path) -> None:
    written = page_file.read_text(encoding="utf-8")
    parts = ["<h1>", 'class="answer"', "<img", 'class="means"', "<details"]
    places = [written.index(part) for part in parts]
    assert places == sorted(places)
    first = html.unescape(written[: written.index("<details")]).replace("\u00a0", " ")
    assert first.count("<img") == 1
    studies = findings(PUBLISHED / "study")
    assert len(answer(studies)) == 3
    for sentence in (QUESTION, *answer(studies), *advice(studies)):
        assert sentence in first
    assert "places" not in first
    assert "rank" not in first
    after = written[written.index("<details") :]
    assert re.sub(r"<details.*</details>", "", after, flags=re.DOTALL).strip() == "</body></html>"


def test_every_committed_run_is_there(page_file: Path) -> None:
    written = page_file.read_text(encoding="utf-8")
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
    ("difference", "said", "meant"),
    [
        (
            0.2,
            "The Gaussian window is better than the exponential window.",
            "Use the Gaussian window: on the test part",
        ),
        (
            -0.2,
            "The Gaussian window is worse than the exponential window.",
            "Avoid the Gaussian window: on the test part",
        ),
        (0.0, "No difference between the Gaussian window and the exponential window is shown.", "Keep the exponential"),
    ],
)
def test_the_answer_and_the_advice_are_what_the_study_says(difference: float, said: str, meant: str) -> None:
    study = made("made", difference)
    sentences = answer([study])
    assert len(sentences) == 3
    assert sentences[0] == said
    row = study.gaussian
    assert row["difference"] == pytest.approx(difference, abs=0.05)
    size = f"{abs(100 * row['difference']):.1f} points {'higher' if row['difference'] > 0 else 'lower'}"
    interval = f"95 % CI {100 * row['difference_low']:+.1f} to {100 * row['difference_high']:+.1f}"
    measured = f"On the test part (made) the Gaussian window scores {size} ({interval}, {p_text(row['p_corrected'])})"
    assert sentences[1].startswith(measured)
    least = f"the minimum detectable difference at 80 % power is {100 * row['detectable']:.1f} points"
    assert sentences[1] == f"{measured}; {least}."
    assert "words that begin later than these, 20 ms into the trial" in sentences[2]
    assert "nearly solved" not in " ".join(sentences)
    assert any(sentence.startswith(meant) for sentence in advice([study]))
    details = " ".join(study.details)
    assert study.answer == f"{said} {measured}."
    assert least.replace("the", "The", 1) in details
    assert "these words by these 5 speakers; nothing follows for other words or speakers" in details
    assert "Words begin 20 ms into the trial" in details
    assert "is centred at" in details
    assert "has rank" not in details
    assert "has rank" in " ".join(study.sentences)
    assert all(sentence.endswith(".") and "nan" not in sentence for sentence in study.sentences)
    assert answer([]) == [NO_STUDY]
    assert "make study" in NO_STUDY
    assert advice([]) == []


def test_studies_that_disagree_are_said_to() -> None:
    up, down, none = made("up", 0.2), made("down", -0.2), made("none", 0.0)
    assert next(sentence for sentence in advice([none, up]) if "Gaussian" in sentence).startswith(
        "Use the Gaussian window: on the test part (up) it scores"
    )
    (both,) = [sentence for sentence in advice([up, none, down]) if "Gaussian" in sentence]
    assert both.startswith("Whether to use the Gaussian window depends on the data: on the test part (up) it scores")
    assert "; on the test part (down) it scores" in both
    third = answer([none, up, down])[2]
    assert third.startswith("On the test part (up) it scores")
    for study in (up, down):
        assert f"minimum detectable difference {100 * study.gaussian['detectable']:.1f} points)" in third


def test_networks_are_to_be_scored_on_held_out_speakers_where_both_were_measured() -> None:
    heard = made("heard", 0.0)
    held_out = replace(heard, plan=replace(heard.plan, name="held", loso=True))
    accuracy = f"{100 * heard.reference_accuracy:.1f} %"
    assert advice([held_out, heard])[-1] == (
        f"Score networks on held-out speakers: the exponential window reaches {accuracy} accuracy with speakers held "
        f"out one at a time (held) and {accuracy} on the test part (heard)."
    )
    assert answer([held_out])[1].startswith("With speakers held out one at a time (held) the Gaussian window scores")


def test_data_that_are_too_easy_are_said_to_be_and_come_last(tmp_path: Path) -> None:
    easy = replace(made("easy", 0.0), rows=made("easy", 0.0).rows.assign(accuracy=1.0, right="1" * 200))
    for study in (easy, made("hard", 0.1), made("small-fsdd-index", 0.1)):
        study.write(tmp_path)
    studies = findings(tmp_path)
    assert [study.plan.name for study in studies] == ["hard", "easy"], "small ones only where there is no other"
    assert re.search(
        r"n the test part \(easy\) it scores the same to 0.1 points .*, on data that are nearly solved",
        answer(studies)[2],
    )
    assert "easy is nearly solved" in answer([studies[1]])[1]
    assert "is 100.0 %: these data are nearly solved" in " ".join(studies[1].details)


def test_numbers_go_with_the_runs_that_back_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Figures are another test's.
    monkeypatch.setattr("results.report.report.draw", lambda *_: {})
    kept = tmp_path / "published"
    shutil.copytree(PUBLISHED, kept)
    shutil.rmtree(kept / "study", ignore_errors=True)
    target = tmp_path / "report.html"
    without = report(Console(file=io.StringIO()), target, kept).read_text(encoding="utf-8")
    assert NO_STUDY in without
    assert "robustness-runs.csv, line 2<" in without
    made("made", 0.1).write(kept / "study")
    text = report(Console(file=io.StringIO()), target, kept).read_text(encoding="utf-8")
    assert "made-runs.csv, line 2<" in text
    assert "fedcba987654" in text
    runs = kept / "study" / "made-runs.csv"
    lines = runs.read_text().splitlines(keepends=True)
    runs.write_text("".join(line for line in lines if not line.startswith("gaussian,10,")))
    fewer = report(Console(file=io.StringIO()), target, kept).read_text(encoding="utf-8")
    assert "Compared were 10 seeds on 50 pairs of speaker and word." in text
    assert "Compared were 9 seeds on 50 pairs of speaker and word." in fewer


def test_text_is_escaped_and_does_not_break_before_a_sign() -> None:
    frame = pd.DataFrame({"x_y": ["<b>", None], "n": [0.5, float("nan")], "flag": [True, False]})
    text = page.render(
        question="1 < 2?",
        about='"so" & so',
        answer=["p = 0.24 at 80 % power"],
        advice=[],
        studies=[],
        methods={},
        figures=[page.Picture('a "quoted" <i>', "")],
        tables=[page.Table.of(frame, "1 < 2")],
        runs={"<u>": page.Table.of(frame, "")},
        elsewhere="shd ssc",
    )
    assert text.count("<b>") == text.count("<i>") == text.count("<u>") == 0
    assert '<td>&lt;b&gt;</td><td class="n">0.500</td><td>True</td>' in text
    assert "<td></td><td></td><td>False</td>" in text
    assert "<th>x y</th>" in text
    assert "<h1>1 &lt; 2?</h1>" in text
    assert 'alt="a &#34;quoted&#34; &lt;i&gt;"' in text
    assert "p\u00a0=\u00a00.24 at 80\u00a0%\u00a0power" in text


def test_one_seed_gives_no_verdict_and_no_number_that_is_none() -> None:
    study = made("made", 0.2, seeds=1)
    said = " ".join([*answer([study]), *advice([study]), *study.sentences])
    assert "Too few runs were compared to tell whether the Gaussian window differs" in said
    assert "the difference from the exponential window can't be told from 1 seed" in said
    assert "Nothing follows yet" in said
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
