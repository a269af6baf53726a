import io
import json
from types import SimpleNamespace

import pytest

from models.errors import InputError
from pipeline.console import Console
from results.benchmarks import runner
from results.benchmarks.table import CaseTables
from results.paths import PUBLISHED


def absent(quick):
    raise ModuleNotFoundError("No module named 'peer'", name="peer")


COLUMNS = {"who": "trainer", "threads": "threads", "seconds": "time (s)", "spikes": "spikes per example"}
CASES = {
    "quick": SimpleNamespace(
        NAME="quick",
        TITLE="Quick things",
        COLUMNS=COLUMNS,
        run=lambda quick: [
            {"who": "ours", "threads": "2", "seconds": 0.25 if quick else 2.5, "spikes": 7150.0, "note": "median of 5"},
            {"who": "theirs", "threads": "2", "seconds": 101.0, "spikes": "", "note": "once"},
        ],
    ),
    "absent": SimpleNamespace(NAME="absent", run=absent),
    "last": SimpleNamespace(
        NAME="last",
        TITLE="The last",
        COLUMNS={"network": "network", "ms_an_example": "ms per example"},
        run=lambda quick: [{"network": "ours", "ms_an_example": 0.5}],
    ),
}


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "cases", lambda: CASES)

    def run(*names, quick=False):
        console = Console(file=io.StringIO(), width=120)
        runner.run_cases(names, tmp_path, console, quick)
        return console.file.getvalue()

    return run


def test_a_peer_that_is_not_installed_is_named_and_the_rest_goes_on(bench, tmp_path):
    text = bench()
    assert "absent is left out: peer is not installed; pip install peer" in text
    assert {p.name for p in tmp_path.iterdir()} == {
        f"{name}.{ending}" for name in ("quick", "last") for ending in ("json", "md")
    }


def test_a_case_is_one_table_with_a_row_a_peer_and_a_column_a_figure(bench, tmp_path):
    text = bench("quick")
    lines = [line.split() for line in text.splitlines()]
    assert ["trainer", "threads", "(s)", "example", "notes"] in lines
    assert ["ours", "2", "2.5", "7,150", "1"] in lines
    assert ["theirs", "2", "101", "2"] in lines
    assert ["1", "median", "of", "5"] in lines
    assert ["2", "once"] in lines
    written = (tmp_path / "quick.md").read_text().splitlines()
    assert [[cell.strip() for cell in line.strip("|").split("|")] for line in written if line.startswith("| ")] == [
        ["trainer", "threads", "time (s)", "spikes per example", "notes"],
        ["ours", "2", "2.5", "7,150", "1"],
        ["theirs", "2", "101", "", "2"],
    ]
    assert written[0] == "Quick things"
    assert written[-2:] == ["1. median of 5", "2. once"]


def test_rows_with_other_figures_stand_in_a_table_of_their_own():
    rows = [
        {"who": "ours", "seconds": 1.0},
        {"who": "absent", "note": "left out"},
        {"who": "ours", "spikes": 3.0},
        {"who": "theirs", "seconds": 2.0, "threads": "2", "note": "once; left out"},
    ]
    found = CaseTables.of("", rows, COLUMNS)
    assert [part["trainer"].tolist() for part in found.parts] == [["ours", "absent", "theirs"], ["ours"]]
    assert found.parts[0]["notes"].tolist() == ["", "1", "2, 1"]
    assert found.notes == ["left out", "once"]


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("path", sorted((PUBLISHED / "bench").glob("*.json")), ids=lambda path: path.stem)
def test_the_published_rows_fit_a_hundred_columns_with_every_word_whole(path, width):
    case, rows = runner.cases()[path.stem], json.loads(path.read_text())["rows"]
    console = Console(file=io.StringIO(), width=width)
    tables = CaseTables.of(case.TITLE, rows, case.COLUMNS)
    tables.show(console)
    text = console.file.getvalue()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 100
    words = set(text.split())
    for part in tables.parts:
        assert {word for column in part for text in (column, *part[column]) for word in text.split()} <= words
    assert sum(map(len, tables.parts)) == len(rows)


def test_the_file_has_the_rows_and_where_they_come_from(bench, tmp_path):
    bench("quick", quick=True)
    written = json.loads((tmp_path / "quick.json").read_text())
    assert written["rows"] == CASES["quick"].run(True)
    assert (written["case"], written["quick"]) == ("quick", True)
    assert {"commit", "python", "packages", "cores"} <= set(written["environment"])
    assert {p.name for p in tmp_path.iterdir()} == {"quick.json", "quick.md"}


def test_a_wrong_name_is_refused_before_anything_is_measured(bench, tmp_path):
    with pytest.raises(InputError, match="no benchmark qick; did you mean quick"):
        bench("last", "qick")
    assert not list(tmp_path.iterdir())


def test_a_case_that_draws_leaves_its_picture(bench, tmp_path, monkeypatch):
    drawing = SimpleNamespace(
        NAME="drawing", TITLE="Drawn", COLUMNS=COLUMNS, run=lambda quick: [{"who": "ours", "seconds": 1.0}], draw=len
    )
    monkeypatch.setitem(CASES, "drawing", drawing)
    monkeypatch.setattr("pipeline.pictures.save.save", lambda figure, path: path.write_text(str(figure)))
    bench("drawing")
    assert (tmp_path / "drawing.png").read_text() == "1"


def test_every_case_of_the_project_is_found():
    found = runner.cases()
    names = "cochlea epoch genn interpolated latency length machine methods peers startup"
    assert sorted(found) == names.split()
    for case in found.values():
        assert callable(case.run)
        assert case.TITLE
        assert case.COLUMNS
