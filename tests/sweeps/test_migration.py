"""Sweeps that an earlier version of the project began are read, continued and drawn with today's names of fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sweep_spaces import space

from models.errors import InputError
from results.paths import PUBLISHED
from sweeps import plots
from sweeps.migration import migrate_space
from sweeps.space import Space, parse_space
from sweeps.state import State
from sweeps.store import Store
from sweeps.strategies import propose
from sweeps.sweep import Sweep

STORE = Path(__file__).parent / "data" / "version-1-trials.jsonl"
"""Of the version that called the warmup ``ease_in``: two points, one of them trained to its end."""


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """A sweep's folder with the old store."""
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path))
    sweep = Sweep(tmp_path / "sweeps" / "old-random-s1")
    sweep.folder.mkdir(parents=True)
    sweep.store.path.write_bytes(STORE.read_bytes())
    return sweep


def today() -> Space:
    """Return the old store's space as it is written today."""
    fields = json.loads(STORE.read_text().splitlines()[0])["space"]
    return parse_space(json.loads(json.dumps(fields).replace("training.ease_in", "training.warmup_epochs")), "today")


def test_an_old_store_is_read_with_todays_names(old: Sweep) -> None:
    made = old.space()
    assert made == today()
    assert list(made.parameters) == ["training.warmup_epochs", "training.learning_rate"]
    assert made.overrides == ("training.epochs=2", "training.warmup_epochs=0.5")
    points = old.state().points
    assert [set(point.values) for point in points] == [set(made.parameters)] * 2
    assert [point.status for point in points] == ["done", "claimed"]
    best = old.state().best
    assert best is not None
    config = made.settings(best.values, 1)
    assert config.training.warmup_epochs == best.values["training.warmup_epochs"]


def test_an_old_sweep_is_continued(old: Sweep) -> None:
    before = old.store.path.read_bytes()
    assert Sweep.of(today()).folder == old.folder
    old.begin(today())
    assert old.store.path.read_bytes() == before
    point = old.take("here:1:0")
    assert point is not None
    assert (point.number, point.values) == (1, old.state().points[1].values), "the dead worker's point is given on"
    third = old.take("here:1:0")
    assert third is not None
    assert set(third.values) == {"training.warmup_epochs", "training.learning_rate"}
    assert propose(old.space(), old.state().points) is not None
    with pytest.raises(InputError, match="another space of this name"):
        old.begin(today().model_copy(update={"config": "fsdd"}))


def test_published_stores_are_read_and_drawn() -> None:
    stores = sorted((PUBLISHED / "sweeps").glob("*.jsonl"))
    assert stores
    for path in stores:
        state = State.of(Store(path).events())
        made = parse_space(state.begun["space"], str(path))
        assert state.best is not None
        assert made.settings(state.best.values, 1).name
    assert plots.partial_dependence(made, state.finished).axes


def test_conditions_are_migrated_and_what_is_wrong_is_left_to_be_refused() -> None:
    old = {"parameters": {"a.b": {"kind": "real", "when": {"training.ease_in": [1.0]}}, "c": 3}, "overrides": [7, "x"]}
    assert migrate_space(old) == {
        "parameters": {"a.b": {"kind": "real", "when": {"training.warmup_epochs": [1.0]}}, "c": 3},
        "overrides": [7, "x"],
    }
    wrong: list[dict[str, Any]] = [{"parameters": 3}, {"overrides": "a"}, {}]
    assert [migrate_space(fields) for fields in wrong] == wrong
    fields = space().model_dump(mode="json")
    assert parse_space(fields, "made.toml") == space()
