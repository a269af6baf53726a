"""Comparisons of variants on made-up words: paired, and a failure is a row, not an end."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import pytest

from models.errors import InputError
from pipeline.config import load_config
from pipeline.console import Console
from results.experiments.comparison.report import carry_out, write
from results.experiments.comparison.variants import Variant, jobs_of
from results.statistics.summary import collapsed, summary
from sweeps.jobs import speakers
from sweeps.runner import Runner, one_stage

SHORT = ("training.epochs=2",)


def runner(workers: int = 1) -> Runner:
    return Runner(Console(file=io.StringIO()), workers)


def test_variants_are_paired_by_seed_and_scored_on_what_is_held_out(words_config: Path) -> None:
    base = Variant("base", str(words_config))
    small = Variant("small", str(words_config), ("network.hidden=8",))
    jobs = jobs_of([base, small], 2, SHORT, ["ann", "test"])
    assert [(job.label, job.config.seed, job.held) for job in jobs] == [
        (name, seed, held) for name in ("base", "small") for seed in (1, 2) for held in ("ann", "test")
    ]
    assert all(job.config.training.epochs == 2 for job in jobs)
    assert jobs[-1].config == load_config(words_config, [*SHORT, "network.hidden=8", "seed=2"])


def test_folds_hold_out_each_speaker_of_the_training_part(words_config: Path) -> None:
    variant = Variant("base", str(words_config), SHORT)
    held = speakers(variant.settings(1))
    assert held == ["ann", "ben", "cia"]
    rows = runner().run("folds", partial(one_stage, jobs_of([variant], 1, held=held)))
    assert rows is not None
    assert rows["held"].tolist() == held
    assert (rows["examples"] == 20).all()
    assert summary(rows)["accuracy"].iloc[0] == pytest.approx(rows["accuracy"].mean())


def test_a_run_that_fails_is_a_row_with_its_reason(words_config: Path, tmp_path: Path) -> None:
    good = Variant("good", str(words_config), SHORT)
    bad = Variant("bad", str(words_config), (*SHORT, "training.learning_rate=1e38"))
    rows = runner().run("both", partial(one_stage, jobs_of([good, bad], 1)))
    assert rows is not None
    assert rows["failed"].iloc[0] == ""
    assert "no longer numbers" in rows["failed"].iloc[1]
    assert collapsed(rows).tolist() == [False, True]
    write(tmp_path, "both", rows, summary(rows))
    assert "no longer numbers" in (tmp_path / "both-runs.csv").read_text()
    assert "\n| bad " in (tmp_path / "both.md").read_text()


def test_a_variant_counts_above_what_all_share_and_the_seed_above_both(words_config: Path) -> None:
    variant = Variant("base", str(words_config), ("seed=9", "training.epochs=5"))
    shared = ["training.epochs=4", "network.hidden=7"]
    assert variant.settings(3, shared) == load_config(words_config, ["training.epochs=5", "network.hidden=7", "seed=3"])
    assert variant.job(3, "ann", shared).config == variant.settings(3, shared)


def test_a_table_that_cant_be_kept_is_printed_all_the_same(
    words_config: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tables").touch()
    one, base = runner(), Variant("base", str(words_config), SHORT)
    table = carry_out(one, "one", [base], jobs_of([base], 1), tmp_path / "tables")
    assert table is not None
    assert "base" in one.console.file.getvalue()  # type: ignore[attr-defined]
    assert "written" not in one.console.file.getvalue()  # type: ignore[attr-defined]
    assert caplog.messages[-1].startswith(f"{tmp_path / 'tables'} can't be written (")


def test_a_comparison_of_which_every_run_diverges_says_why(words_config: Path, tmp_path: Path) -> None:
    bad = Variant("bad", str(words_config), (*SHORT, "training.learning_rate=1e38"))
    for _ in range(2):
        with pytest.raises(InputError, match=r"all of 1 runs failed.*no longer numbers"):
            carry_out(runner(), "bad", [bad], jobs_of([bad], 1), tmp_path)
