"""Jobs on made-up words: trained, scored, found again; a diverged training is a row; a claimed run is left alone."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from interruptions import Stop, Stopper

from models.errors import InputError
from pipeline.config import load_config
from pipeline.data import hdf5
from pipeline.data.container import SpikeData
from pipeline.training.placement import choose_engine
from pipeline.training.run import Run, commit
from pipeline.training.trainer import train
from sweeps import jobs
from sweeps.claims import Claimed, claim, is_claimed
from sweeps.heartbeat import workers
from sweeps.jobs import FAILED, TEST, VALIDATION, Job, is_done, read_row, speakers, train_and_score


def job(words_config: Path, held: str = TEST, *overrides: str) -> Job:
    return Job("words", load_config(words_config, ["training.epochs=2", *overrides]), held)


@pytest.mark.parametrize("held", [TEST, VALIDATION, "ben"])
def test_a_row_is_the_same_from_training_from_the_run_and_from_its_files(words_config: Path, held: str) -> None:
    made = job(words_config, held)
    assert not is_done(made)
    row = train_and_score(made)
    assert is_done(made)
    assert list(row) == [
        *("variant", "seed", "held", "data", "window", "hidden", "kind", "examples", "accuracy", "validation"),
        *("last_validation", "training_loss", "rate", "silent", "epoch", "right", "failed", "run"),
    ]
    stamp = (made.run.folder / "last.npz").stat().st_mtime_ns
    assert train_and_score(made) == row
    assert read_row(made) == row
    assert (made.run.folder / "last.npz").stat().st_mtime_ns == stamp
    score = json.loads(made.evaluation_path.read_text())
    assert (row["accuracy"], row["examples"], row["epoch"]) == (score["accuracy"], score["examples"], score["epoch"])
    assert score["split"] == held


def test_runs_lie_where_they_always_did(words_config: Path, tmp_path: Path) -> None:
    config = choose_engine(load_config(words_config))
    name = f"{config.hash()}-s{config.seed}"
    runs = tmp_path / "runs" / "words"
    assert Job("any", config).run.folder == Job("any", config, VALIDATION).run.folder == runs / name
    assert Job("any", config, "ann").run.folder == runs / "folds" / "ann" / name
    assert Job("any", config).evaluation_path.name == "evaluation-test.json"
    assert Job("any", config, VALIDATION).evaluation_path.name == "evaluation-validation.json"
    assert Job("any", config, "ann").evaluation_path.name == "evaluation-held-out.json"


def renamed(words_folder: Path, words_config: Path, names: tuple[str, ...]) -> Path:
    """Return a config for a copy of the words whose speakers have other names."""
    folder = words_config.parent / "renamed"
    for part in ("train", "test"):
        data = hdf5.read(words_folder / f"shd_{part}.h5")
        hdf5.write(folder / f"shd_{part}.h5", replace(data, speaker_names=names))
    path = words_config.parent / "renamed.toml"
    path.write_text(words_config.read_text().replace(str(words_folder), str(folder)))
    return path


def test_names_of_speakers_do_not_decide_where_runs_are_written(words_folder: Path, words_config: Path) -> None:
    names = ("../../../../escaped", "/absolute", "..", "dan")
    config = load_config(renamed(words_folder, words_config, names), ["training.epochs=1"])
    assert speakers(config) == sorted(names[:3])
    before = {path for path in words_config.parent.rglob("*") if path.name != "runs"}
    rows = [train_and_score(Job("words", config, speaker)) for speaker in speakers(config)]
    assert [row["held"] for row in rows] == sorted(names[:3])
    folds = words_config.parent / "runs" / "words" / "folds"
    assert {Path(row["run"]).parent.parent for row in rows} == {folds}
    assert len({row["run"] for row in rows}) == 3
    made = {path for path in words_config.parent.rglob("*") if path.name != "runs"} - before
    assert all(folds.parent in [path, *path.parents] for path in made)


def test_speakers_whose_folders_differ_in_case_only_are_refused(words_folder: Path, words_config: Path) -> None:
    config = load_config(renamed(words_folder, words_config, ("Ann", "ben", "ann", "dan")))
    with pytest.raises(InputError, match="the speakers 'Ann' and 'ann' of shd differ in upper and lower case only"):
        speakers(config)


def test_a_fold_neither_learns_from_nor_validates_on_its_speaker(
    words_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    def spy(config: Any, learned: SpikeData, validation: SpikeData | None, *rest: Any) -> Run:
        assert validation is not None
        seen.append({learned.speaker_names[s] for part in (learned, validation) for s in np.unique(part.speakers)})
        return train(config, learned, validation, *rest)

    monkeypatch.setattr(jobs, "train", spy)
    held = speakers(load_config(words_config))
    assert held == ["ann", "ben", "cia"]
    folds = [job(words_config, speaker) for speaker in held]
    rows = [train_and_score(fold) for fold in folds]
    for fold, names in zip(folds, seen, strict=True):
        assert fold.held not in names
        assert set(json.loads(fold.evaluation_path.read_text())["speakers"]) == {fold.held}
    assert [row["held"] for row in rows] == held
    assert sum(row["examples"] for row in rows) == 60
    assert len({row["run"] for row in rows}) == 3


def test_a_diverged_training_is_a_row_with_its_reason_and_is_not_tried_again(words_config: Path) -> None:
    bad = job(words_config, TEST, "training.learning_rate=1e38")
    row = train_and_score(bad)
    assert "no longer numbers" in row["failed"]
    assert np.isnan(row["accuracy"])
    assert row["run"] is None
    assert list(row) == list(train_and_score(job(words_config)))
    assert is_done(bad)
    before = (bad.run.folder / "log").read_text()
    assert str(train_and_score(bad)) == str(read_row(bad)) == str(row)
    assert (bad.run.folder / "log").read_text() == before


def test_a_run_that_failed_is_tried_again_by_other_code(words_config: Path) -> None:
    good = job(words_config)
    good.run.write_text("failed.txt", "losses are no longer numbers\nan older commit\n")
    assert not is_done(good)
    assert train_and_score(good)["failed"] == ""
    assert not (good.run.folder / "failed.txt").exists()
    other = job(words_config, TEST, "seed=2")
    other.run.write_text("failed.txt", f"losses are no longer numbers\n{commit()}\n")
    assert is_done(other)
    assert train_and_score(other)["failed"] == "losses are no longer numbers"


def test_a_run_that_another_worker_claims_is_left_alone(words_config: Path) -> None:
    made = job(words_config)
    with claim(made.run):
        assert is_claimed(made.run)
        with pytest.raises(Claimed):
            train_and_score(made)
        assert not (made.run.folder / "config.toml").exists()
    assert not is_claimed(made.run)
    train_and_score(made)
    assert workers(made.run.folder) == []
    with claim(made.run):
        assert train_and_score(made)["failed"] == "", "a run that is done needs no claim to be scored"


def test_the_claim_of_a_dead_worker_is_taken_over(words_config: Path) -> None:
    made = job(words_config)
    made.run.folder.mkdir(parents=True)
    for dead in ("elsewhere-1-00000000.alive", "elsewhere-2-00000000.alive"):
        (made.run.folder / dead).touch()
    assert is_claimed(made.run), "it may be alive: its machine is another"
    for dead in made.run.folder.glob("*.alive"):
        os.utime(dead, (0, 0))
    assert not is_claimed(made.run)
    assert train_and_score(made)["failed"] == ""
    assert list(made.run.folder.glob("*.alive")) == []


def test_what_ends_the_training_ends_the_claim(words_config: Path) -> None:
    made = job(words_config)
    with pytest.raises(Stop):
        train_and_score(made, progress=Stopper(1))
    assert not is_claimed(made.run)
    assert not is_done(made)
    assert train_and_score(made)["failed"] == ""


def test_a_score_of_other_weights_is_not_the_runs(words_config: Path) -> None:
    made = job(words_config)
    row = train_and_score(made)
    stale = json.loads(made.evaluation_path.read_text()) | {"epoch": 7}
    made.evaluation_path.write_text(json.dumps(stale))
    assert not is_done(made)
    assert train_and_score(made) == row
    assert is_done(made)


def test_a_damaged_checkpoint_is_refused_by_name(words_config: Path) -> None:
    made = job(words_config)
    train_and_score(made)
    checkpoint = made.run.folder / "best.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:100])
    with pytest.raises(InputError, match=r"best\.npz"):
        train_and_score(made)


@pytest.mark.parametrize("content", [b"", b"\0" * 40, b"[" * 5000, b"\xff\xfe{", b"epoch,split\n"])
def test_files_that_are_damaged_are_written_anew(words_config: Path, content: bytes) -> None:
    made = job(words_config)
    row = train_and_score(made)
    for name in ("result.json", "evaluation-test.json", "metrics.csv"):
        path = made.run.folder / name
        whole = path.read_bytes()
        path.write_bytes(content)
        assert not is_done(made)
        assert train_and_score(made) == row
        assert path.read_bytes() == whole
        assert is_done(made)
    (made.run.folder / FAILED).write_bytes(content)
    assert train_and_score(made) == row
    assert not (made.run.folder / FAILED).exists()


def test_a_damaged_table_of_seconds_does_not_stop_training(words_config: Path) -> None:
    made = job(words_config)
    with pytest.raises(Stop):
        train_and_score(made, progress=Stopper(at=1))
    (made.run.folder / "timing.csv").write_bytes(b"\xff\xfe\0")
    assert train_and_score(made)["failed"] == ""


def test_a_speaker_named_like_a_part_is_refused(words_config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = SimpleNamespace(speaker="test")
    monkeypatch.setattr(jobs, "leave_one_speaker_out", lambda data: [named])
    with pytest.raises(InputError, match="a speaker of shd is called 'test'"):
        speakers(load_config(words_config))


def test_without_validation_there_is_nothing_to_choose_by(words_config: Path) -> None:
    with pytest.raises(InputError, match="nothing to choose by"):
        train_and_score(job(words_config, VALIDATION, "data.validation=none"))
