"""Tables in Markdown and LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from results.tables.text import headers, latex, markdown

SPECIAL = r"a_b & $x$ {y} ^ ~ \z # 5 % < > | é ±"


def test_a_table_has_header_rule_and_rows_and_no_nan() -> None:
    table = pd.DataFrame({"a_name": ["x", "y"], "value": [0.12345, float("nan")], "count": [3, 4], "none": [None, "n"]})
    assert [re.sub(" +", " ", line) for line in markdown(table).splitlines()] == [
        "| a name | value | count | none |",
        "|:---------|--------:|--------:|:-------|",
        "| x | 0.123 | 3 | |",
        "| y | | 4 | n |",
    ]
    assert markdown(table).count("\n") == 4
    assert re.search(r"\| +1.2e-05 \|", markdown(pd.DataFrame({"v": [1.23e-5]}), ".2g"))


def test_headers_in_words_stay_as_they_are() -> None:
    assert headers(pd.DataFrame(columns=["learning_rate", "tau_mem (ms)"])) == ["learning rate", "tau_mem (ms)"]


def test_a_bar_in_a_cell_begins_no_further_one() -> None:
    assert r"a \| b" in markdown(pd.DataFrame({"v": ["a | b"]}))


def test_numbers_stay_as_they_are_written() -> None:
    table = pd.DataFrame({"text": ["1e3", "007", "-0"], "integer": [1000000, 2, 3], "bool": [True, False, True]})
    for row in ("1e3 1000000 True", "007 2 False", "-0 3 True"):
        assert row in re.sub(r"[ |]+", " ", markdown(table))


def test_latex_is_escaped() -> None:
    text = latex(pd.DataFrame({"a_b": ["50 % & more", SPECIAL], "n_%": [0.5, 1.0]}), f"100 % of #1 {SPECIAL}")
    lines = [re.sub(" +", " ", line).strip() for line in text.splitlines()]
    escaped = (
        r"a\_b \& \$x\$ \{y\} \^{} \textasciitilde{} \textbackslash{}z \# 5 \% \ensuremath{<} \ensuremath{>} | é ±"
    )
    assert r"50 \% \& more & 0.500 \\" in lines
    assert rf"{escaped} & 1.000 \\" in lines
    assert r"a b & n \% \\" in lines
    assert rf"\caption{{100 \% of \#1 {escaped}}}" in lines
    assert text.count(r"\begin") == text.count(r"\end{") == 2


def test_an_empty_table_has_its_columns() -> None:
    empty = pd.DataFrame(columns=["a", "b"])
    assert markdown(empty).splitlines()[0].split() == ["|", "a", "|", "b", "|"]
    assert r"\begin{tabular}{ll}" in latex(empty, "none")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX is installed")
def test_latex_takes_it(tmp_path: Path) -> None:
    tables = latex(pd.DataFrame({"a_b": [SPECIAL], "n": [0.5]}), SPECIAL) + latex(pd.DataFrame(columns=["a"]), "none")
    rules = "".join(rf"\let\{name}\hline" for name in ("toprule", "midrule", "bottomrule"))
    document = rf"\documentclass{{article}}{rules}\begin{{document}}{tables}\end{{document}}"
    (tmp_path / "all.tex").write_text(document, encoding="utf-8")
    subprocess.run(["pdflatex", "-halt-on-error", "all.tex"], cwd=tmp_path, check=True, capture_output=True)
