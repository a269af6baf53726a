import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console

from models.errors import InputError
from results.benchmarks import runner


def absent(quick):
    raise ModuleNotFoundError("No module named 'peer'", name="peer")


CASES = {
    "quick": SimpleNamespace(
        NAME="quick",
        run=lambda quick: [
            {"who": "ours", "threads": "2", "seconds": 0.25 if quick else 2.5, "spikes": 7150.0, "note": "median of 5"},
            {"who": "theirs", "threads": "2", "seconds": 101.0, "spikes": "", "note": "once"},
        ],
    ),
    "absent": SimpleNamespace(NAME="absent", run=absent),
    "last": SimpleNamespace(NAME="last", run=lambda quick: [{"network": "ours", "ms_an_example": 0.5}]),
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
    assert {p.name for p in tmp_path.iterdir()} == {"quick.json", "last.json"}


def test_one_table_says_all_figures(bench):
    text = bench()
    assert text.count("measured") == 1
    assert "2 threads, 2.5 seconds, 7,150 spikes, median of 5" in text
    assert "0.5 ms an example" in text


def test_the_file_has_the_rows_and_where_they_come_from(bench, tmp_path):
    bench("quick", quick=True)
    written = json.loads((tmp_path / "quick.json").read_text())
    assert written["rows"] == CASES["quick"].run(True)
    assert (written["case"], written["quick"]) == ("quick", True)
    assert {"commit", "python", "packages", "cores"} <= set(written["environment"])
    assert {p.name for p in tmp_path.iterdir()} == {"quick.json"}


def test_a_wrong_name_is_refused_before_anything_is_measured(bench, tmp_path):
    with pytest.raises(InputError, match="no benchmark qick; did you mean quick"):
        bench("last", "qick")
    assert not list(tmp_path.iterdir())


def test_a_case_that_draws_leaves_its_picture(bench, tmp_path, monkeypatch):
    drawing = SimpleNamespace(NAME="drawing", run=lambda quick: [{"who": "ours", "seconds": 1.0}], draw=len)
    monkeypatch.setitem(CASES, "drawing", drawing)
    monkeypatch.setattr(runner, "save", lambda figure, path: path.write_text(str(figure)))
    bench("drawing")
    assert (tmp_path / "drawing.png").read_text() == "1"


def test_every_case_of_the_project_is_found():
    found = runner.cases()
    assert {"cochlea", "peers", "machine", "latency", "startup", "length", "epoch", "interpolated", "genn"} == set(
        found
    )
    assert all(callable(case.run) for case in found.values())
