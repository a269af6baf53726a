"""The README keeps its promises: links, configs and make targets that it names are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.config import CONFIG_FOLDER, load_config
from results.experiments.study.findings import Findings
from results.experiments.study.plan import FULL, REFERENCE
from results.tables.files import read_csv

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_links_exist() -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT):
        assert (ROOT / link).exists(), link


def test_trainings_it_shows_have_a_config_and_fields_that_there_are() -> None:
    shown = re.findall(r"(?m)python -m pipeline train (\S+)((?:\s+--set \S+)*)", TEXT)
    shipped = [(name, sets) for name, sets in shown if (CONFIG_FOLDER / f"{name}.toml").is_file()]
    assert len(shipped) >= 3
    for name, sets in shipped:
        load_config(name, re.findall(r"--set (\S+)", sets))


def test_targets_it_names_are_the_makefiles() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    named = set(re.findall(r"(?m)(?:^|`)make ([a-z][a-z-]+)", TEXT))
    assert len(named) > 10
    assert named <= targets


@pytest.mark.parametrize("plan", [plan.name for plan in FULL])
def test_it_says_what_the_committed_studies_found(plan: str) -> None:
    found = Findings.read(ROOT / "results" / "published" / "study" / f"{plan}.json")
    row, reference = found.gaussian, found.table.set_index("window").loc[REFERENCE]
    assert f"results/published/study/{plan}.md" in TEXT
    [line] = [line for line in TEXT.splitlines() if line.startswith("|") and f"study/{plan}.md" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")][1:]
    assert cells == [
        f"{row['scored_on']} {row['units']}",
        f"{reference['accuracy']:.3f}",
        f"{row['accuracy']:.3f}",
        f"{row['difference']:+.3f} ({row['difference_low']:+.3f} to {row['difference_high']:+.3f})",
        f"{row['p_corrected']:.3f}",
        f"{row['detectable']:.3f}",
    ]
    assert f"{row['seeds_low']:+.3f} to {row['seeds_high']:+.3f}" in " ".join(TEXT.split())
    first = TEXT.split("## ")[0]
    if plan == "fsdd-loso":
        assert f"{row['difference']:+.3f}" in first
        assert f"{row['difference_low']:+.3f} to {row['difference_high']:+.3f}" in first


def test_its_ablation_and_sizes_are_the_committed_ones() -> None:
    published = ROOT / "results" / "published"
    table = read_csv(published / "ablation-fsdd-exponential.csv").dropna(subset="difference")
    rows = {
        f"| {row.accuracy:.3f} | {row.difference:+.3f} ({row.difference_low:+.3f} to {row.difference_high:+.3f}) "
        f"| {row.p:.3f} |"
        for row in table.itertuples()
    }
    begin = TEXT.index("| instead of the defaults |")
    shown = TEXT[begin : TEXT.index("\n\n", begin)].splitlines()[2:]
    assert {line[line.index(" | ") + 1 :] for line in shown} == rows
    sizes = read_csv(published / "sizes-fsdd-exponential.csv").set_index("variant")["accuracy"]
    for kind in ("feed-forward", "recurrent"):
        line = " | ".join([kind, *(f"{sizes[f'{size} {kind}']:.3f}" for size in (64, 128, 256, 512, 1024))])
        assert f"| {line} |" in TEXT
