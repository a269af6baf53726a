"""Configs: every shipped one can be built, and what is written is what was read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.network import InitialWeights
from pipeline.config import CONFIG_FOLDER, load_config
from pipeline.training.build import make_network, make_window
from pipeline.training.run import Run

README = Path(__file__).parents[2] / "README.md"
SHIPPED = sorted(path.stem for path in CONFIG_FOLDER.glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_config_has_its_file_s_name_and_can_be_built(name: str) -> None:
    config = load_config(name)
    assert config.name == name
    network = make_network(config, 700, 20)
    weights = InitialWeights(**config.network.initial.model_dump()).draw(network, 1)
    network.check(weights)
    assert make_window(config.loss.window).table(config.steps).shape == (config.steps,)


def test_there_is_one_for_every_data_set_that_needs_no_folder_of_one_s_own() -> None:
    assert {"demo", "digits", "fsdd", "shd", "shd-256", "ssc"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_config_survives_being_written_and_read(name: str, tmp_path: Path) -> None:
    config = load_config(name, ["seed=7"]).resolved()
    path = tmp_path / "config.toml"
    path.write_text(config.toml())
    assert load_config(path) == config


def test_runs_are_told_apart_by_every_field_but_share_a_hash_across_seeds() -> None:
    one = load_config("fsdd")
    assert one.hash() == load_config("fsdd", ["seed=5"]).hash()
    assert Run.of(one).folder != Run.of(load_config("fsdd", ["seed=5"])).folder
    others = ["network.hidden=64", "loss.window.mu=0.4", "training.regulariser.target=3.0", "data.dt=1.0"]
    assert len({one.hash(), *(load_config("fsdd", [o]).hash() for o in others)}) == 1 + len(others)


def test_the_two_windows_of_fsdd_differ_in_nothing_else() -> None:
    gaussian, exponential = load_config("fsdd"), load_config("fsdd-exponential")
    same = {"name": "", "loss": gaussian.loss.model_copy(update={"window": None})}
    assert gaussian.model_copy(update=same) == exponential.model_copy(update=same)
    assert exponential.loss.scale == gaussian.loss.scale


def test_the_readme_is_finished_and_its_links_and_configs_exist() -> None:
    text = README.read_text(encoding="utf-8")
    assert not re.findall(r"@[A-Z]+@", text)
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (README.parent / link).exists(), link
    for override in re.findall(r"(?m)^python -m pipeline train (\S+) (--set .*)$", text):
        if override[0] in SHIPPED:
            load_config(override[0], re.findall(r"--set (\S+)", override[1]))
