"""Time and memory by the trial's length."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.pictures.save import save
from results.benchmarks import length
from results.benchmarks.shd_shaped import Shape
from results.benchmarks.trainers import TRAINERS, Trainer


@pytest.fixture
def short(tiny: Shape) -> Shape:
    return replace(tiny, events=500, busy=50)


def test_spikes_do_not_depend_on_the_length_and_missing_peers_are_named(
    short: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRAINERS, "absent", Trainer("an absent one", "peers.absent:Absent", ("no_such_package",)))
    rows = length.run(quick=True, shape=short, steps=(100, 200), threads=1, compared=("absent",))
    assert [row["steps"] for row in rows] == ["100", "100", "200", "200"]
    assert rows[0]["hidden_spikes"] == pytest.approx(rows[2]["hidden_spikes"], rel=0.02)
    assert rows[1]["note"] == "left out: no_such_package is not installed"


def test_a_peer_is_measured_in_turns_with_ours(short: Shape) -> None:
    pytest.importorskip("torch")
    ours, peer = length.run(quick=True, shape=short, steps=(100,), threads=1, compared=("step by step",))
    assert peer["times_faster_is_ours"] == float(peer["ms_an_example"]) / float(peer["ms_of_ours"])
    assert peer["hidden_spikes"] == pytest.approx(ours["hidden_spikes"], rel=0.02)


def test_what_would_not_fit_into_memory_is_left_out(short: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(length, "MOST", 0.0)
    *_, last = length.run(quick=True, shape=short, steps=(100, 200), threads=1, compared=("step by step",))
    assert str(last["note"]).startswith("left out: would need")


def test_the_picture_has_a_line_for_every_trainer_that_was_measured(tmp_path) -> None:
    rows = [
        {"trainer": name, "steps": str(steps), "ms_an_example": 0.5 * steps, "megabytes": 0.0 if name == "a" else steps}
        for name in "ab"
        for steps in (250, 8000)
    ]
    figure = length.draw([*rows, {"trainer": "c", "steps": "250", "note": "left out"}])
    time, memory = figure.axes
    assert [line.get_label() for line in time.lines] == ["a", "b"]
    assert list(memory.lines[1].get_ydata()) == [250, 8000]
    assert time.get_xscale() == memory.get_yscale() == "log"
    save(figure, tmp_path / "length.png")
    assert (tmp_path / "length.png").stat().st_size > 1000
