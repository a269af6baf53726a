"""The ablation on made-up words: its variants differ from the defaults, and its table pairs them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from models.errors import InputError
from pipeline.console import Console
from pipeline.training.run import commit
from results.experiments.ablation import CHANGES, DEFAULTS, ablation, variants
from results.experiments.comparison.variants import FSDD
from sweeps.runner import Runner


@pytest.mark.parametrize("config", [FSDD, "digits"])
def test_every_variant_changes_the_shipped_config(config: str) -> None:
    made = {variant.name: variant.settings(1) for variant in variants(config)}
    assert list(made) == list(CHANGES)
    assert len({settings.hash() for settings in made.values()}) == len(made)


def test_the_table_has_paired_differences(words_config: Path, tmp_path: Path) -> None:
    runner = Runner(Console(file=io.StringIO(), width=200), workers=2)
    table = ablation(runner, str(words_config), ["feed-forward"], 2, shared=("training.epochs=2",), folder=tmp_path)
    assert table is not None
    assert table["variant"].tolist() == [DEFAULTS, "feed-forward"]
    runs = pd.read_csv(tmp_path / "ablation-words-runs.csv").pivot(index="seed", columns="variant", values="accuracy")
    assert table["difference"].iloc[1] == pytest.approx((runs["feed-forward"] - runs[DEFAULTS]).mean(), abs=1e-5)
    assert (tmp_path / "ablation-words.md").read_text().startswith("| variant ")
    about = json.loads((tmp_path / "ablation-words.json").read_text())
    assert about["commits"] == [commit()]
    assert about["variants"]["feed-forward"] == [str(words_config), "training.epochs=2", "network.recurrent=false"]
    assert about["environment"]["commit"] == commit()


def test_an_unknown_variant_is_refused_with_the_nearest(words_config: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'feed-forward'"):
        ablation(Runner(Console(file=io.StringIO())), str(words_config), ["feedforward"], folder=tmp_path)
