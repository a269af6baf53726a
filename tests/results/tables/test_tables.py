"""Tables: every number has a run behind it."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from models.errors import InputError
from pipeline.config import load_config
from pipeline.console import Console
from pipeline.data import hdf5
from pipeline.training import examples
from results.tables import tables, write
from results.tables.records import Record, of_comparison, of_runs
from sweeps.jobs import Job, train_and_score


def record(accuracy: float, seed: int = 1, held: str = "test", what: str = "net") -> Record:
    return Record("run", "runs", what, "fsdd", "uniform", "64", "recurrent", held, seed, 100, accuracy)


def test_means_are_over_seeds_and_folds_within_them() -> None:
    records = [record(0.5, 1, "ann"), record(0.7, 1, "ben"), record(0.7, 2, "ann"), record(0.9, 2, "ben"), record(0.1)]
    table = tables.accuracy(records).set_index("scored_on")
    row = table.loc["held-out speakers"]
    assert row["accuracy"] == pytest.approx(0.7)
    assert (row["seeds"], row["folds"], row["examples"]) == (2, 2, 200)
    assert row["low"] < 0.6
    assert row["high"] == 1.0
    assert table.loc["test", "accuracy"] == 0.1
    assert tables.accuracy([]).empty


def test_a_seed_that_lacks_a_fold_is_left_out() -> None:
    records = [record(0.5, 1, "ann"), record(0.7, 1, "ben"), record(0.9, 2, "ben")]
    row = tables.accuracy(records).iloc[0]
    assert (row["seeds"], row["folds"], row["examples"]) == (1, 2, 200)
    assert row["accuracy"] == pytest.approx(0.6)


def test_a_window_that_was_chosen_anew_for_every_fold_is_one_row() -> None:
    records = [
        replace(record(accuracy, seed, held), window=f"gaussian mu {mu}", comparison="study", what="gaussian")
        for seed, accuracy in ((1, 0.5), (2, 0.7))
        for held, mu in (("ann", 0.1), ("ben", 0.2), ("cy", 0.1))
    ]
    (row,) = tables.accuracy(records).to_dict("records")
    assert (row["seeds"], row["folds"], row["examples"]) == (2, 3, 300)
    assert row["accuracy"] == pytest.approx(0.6)
    assert row["window"] == "gaussian mu 0.1 or gaussian mu 0.2"


def test_without_a_run_only_the_rows_change_that_it_backed(
    words_config: Path, pipeline: Callable[..., Any], tmp_path: Path
) -> None:
    folders = []
    for overrides in (("seed=1",), ("seed=2",), ("seed=1", "network.hidden=12")):
        words = [word for override in ("training.epochs=2", *overrides) for word in ("--set", override)]
        folder = Path(pipeline("train", words_config, *words).out.strip().splitlines()[-1])
        assert pipeline("evaluate", folder, "--split", "test").code == 0
        folders.append(folder)
    root = tmp_path / "runs"
    before = tables.accuracy(of_runs(root)).set_index("hidden")
    assert before["seeds"].to_dict() == {"24": 2, "12": 1}
    shutil.rmtree(folders[1])
    after = tables.accuracy(of_runs(root)).set_index("hidden")
    assert after["seeds"].to_dict() == {"24": 1, "12": 1}
    assert after.loc["12"].equals(before.loc["12"])
    (folders[0] / "evaluation-test.json").unlink()
    assert tables.accuracy(of_runs(root))["hidden"].tolist() == ["12"]


def test_scores_on_other_recordings_are_another_row(words_config: Path, words_folder: Path, tmp_path: Path) -> None:
    """Seeds of one config, of which the second was trained after the data had changed, are not averaged."""
    own = tmp_path / "own"
    shutil.copytree(words_folder, own)
    words_config.write_text(words_config.read_text().replace(str(words_folder), str(own)))

    def rows() -> list[str]:
        return tables.accuracy(of_runs(tmp_path / "runs"))["what"].tolist()

    def train(seed: int) -> None:
        kept_dataset_of_a_new_process()
        train_and_score(Job("words", load_config(words_config, ["training.epochs=1", f"seed={seed}"])))

    train(1)
    train(2)
    (name,) = rows()
    assert "recordings" not in name
    hdf5.write(own / "shd_test.h5", hdf5.read(own / "shd_test.h5").select(range(12)))
    train(3)
    before, after = sorted(rows())
    assert before.startswith(f"{name} (recordings ")
    assert after.startswith(f"{name} (recordings ")
    hdf5.write(own / "shd_train.h5", hdf5.read(own / "shd_train.h5").select(range(40)))
    with pytest.raises(InputError, match="was begun on other data than these"):
        train(1)


def kept_dataset_of_a_new_process() -> None:
    """Forget the data that this process keeps in memory."""
    examples._kept.cache_clear()


def test_a_file_that_is_no_comparison_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "made-runs.csv"
    path.write_text("variant,seed\na,1\n")
    with pytest.raises(InputError, match=r"made-runs\.csv has no column accuracy"):
        list(of_comparison(path))


def test_a_comparison_says_what_its_runs_say(words_config: Path, tmp_path: Path) -> None:
    config = load_config(words_config, ["training.epochs=1"])
    rows = pd.DataFrame([train_and_score(Job("made", config, held)) for held in ("test", "ann")])
    rows.drop(columns="run").to_csv(tmp_path / "made-runs.csv", index=False)
    said = tables.accuracy(of_comparison(tmp_path / "made-runs.csv")).drop(columns=["comparison", "what"])
    runs = tables.accuracy(of_runs(tmp_path / "runs")).drop(columns=["comparison", "what"])
    key = "scored_on"
    assert said[key].tolist() == ["test", "held-out speakers"]
    pd.testing.assert_frame_equal(said.sort_values(key, ignore_index=True), runs.sort_values(key, ignore_index=True))


def test_all_tables_come_from_the_committed_results_in_three_formats(tmp_path: Path) -> None:
    found = write.tabulate(Console(file=io.StringIO()), tmp_path)
    for name in found:
        for ending in ("csv", "md", "tex"):
            assert (tmp_path / f"{name}.{ending}").is_file()
    published = found["accuracy-published"]
    assert len(published) > 10
    assert published["accuracy"].between(0, 1).all()
    assert set(found["parameters"]["config"]) >= {"demo", "fsdd", "shd", "ssc"}
    assert (found["sweeps"]["points"] == 40).all()
    assert found["literature"]["source"].notna().all()
    assert "literature" not in " ".join(published["comparison"])


def test_the_shipped_shd_networks_have_the_papers_numbers_of_weights() -> None:
    table = tables.parameters().set_index("config")["parameters"]
    assert table["shd"] == 7000 * 1024 + 1024 * 1024 + 1024 * 20
