"""The README keeps its promises: links, configs and make targets that it names are there."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.config import CONFIG_FOLDER, load_config

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
