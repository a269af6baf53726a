"""Published results come from what was committed with them, never from the configs that ship today."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pipeline.config import CONFIG_FOLDER, config_from_table, config_hash, load, load_config
from results.experiments.study.findings import Findings
from results.paths import PUBLISHED
from results.tables.files import read_csv

STUDIES = sorted((PUBLISHED / "study").glob("*.json"))
TABLES = sorted(path for path in PUBLISHED.glob("**/*.json") if "configs" in json.loads(path.read_text()))


def pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).copy()


@pytest.fixture
def edited_configs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every shipped config with another trial, step, network, loss and window."""
    folder = tmp_path / "configs"
    folder.mkdir()
    changed = ("trial = 123.0", "dt = 0.5", "hidden = 3", "scale = 77.0", "tau_mem = 11.0", "output_tau_mem = 13.0")
    for path in CONFIG_FOLDER.glob("*.toml"):
        text = path.read_text()
        for line in changed:
            text = re.sub(rf"(?m)^{line.split()[0]} = .*$", line, text)
        (folder / path.name).write_text(text)
    monkeypatch.setattr(load, "CONFIG_FOLDER", folder)
    assert load_config("fsdd").data.trial == load_config("digits").data.trial == 123.0


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_editing_a_shipped_config_changes_no_published_table_sentence_or_picture(
    path: Path, request: pytest.FixtureRequest
) -> None:
    before = Findings.read(path)
    pictures = [pixels(draw()) for draw in (before.draw_verdict, before.draw_information)]
    request.getfixturevalue("edited_configs")
    after = Findings.read(path)
    assert after.sentences == before.sentences
    assert after.windows == before.windows
    assert after.table.equals(before.table)
    for draw, picture in zip((after.draw_verdict, after.draw_information), pictures, strict=True):
        np.testing.assert_array_equal(pixels(draw()), picture)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_a_published_study_comes_out_of_its_runs_again(path: Path) -> None:
    committed = read_csv(path.with_suffix(".csv"))
    table = Findings.read(path).table
    assert table.columns.tolist() == committed.columns.tolist()
    for column in table:
        if table[column].dtype.kind in "if":
            assert table[column].to_numpy() == pytest.approx(committed[column].to_numpy(), rel=1e-5, nan_ok=True)
        else:
            assert table[column].tolist() == committed[column].tolist()


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_published_run_stands_with_the_config_that_trained_it(path: Path) -> None:
    """The hash in the name of a run's folder is that of its config's text."""
    configs = json.loads(path.read_text())["configs"]
    for name, table in configs.items():
        assert config_hash(tomli_w.dumps(table)) == name
    runs = read_csv(path.with_name(f"{path.stem}-runs.csv"), ("run",))["run"].dropna()
    assert set(runs.str.extract(r"/([0-9a-f]{12})-s\d+$", expand=False)) <= set(configs)


def test_all_tables_of_runs_are_published_with_configs_that_still_read() -> None:
    assert {path.stem for path in TABLES} == {p.name.removesuffix("-runs.csv") for p in PUBLISHED.glob("**/*-runs.csv")}
    for path in TABLES:
        for name, table in json.loads(path.read_text())["configs"].items():
            assert config_from_table(table, name).data.dataset in ("fsdd", "digits")
