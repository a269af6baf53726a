"""Networks of several sizes on made-up words."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from pipeline.console import Console
from results.experiments.comparison.variants import FSDD
from results.experiments.sizes import SIZES, sizes, variants
from results.figures.seeds import by_size
from sweeps.runner import Runner


def test_every_size_is_there_in_both_kinds_and_nothing_else_differs() -> None:
    made = {v.name: v.settings(1) for v in variants(FSDD, SIZES)}
    assert [made[f"{n} {kind}"].network.hidden for n in SIZES for kind in ("feed-forward", "recurrent")] == [
        (n,) for n in SIZES for _ in range(2)
    ]
    for name, config in made.items():
        assert config.network.recurrent == (name.endswith(" recurrent"),)
        base = made["64 recurrent"].network
        assert config.network.model_copy(update={"hidden": base.hidden, "recurrent": base.recurrent}) == base


def test_a_bigger_network_learns_more_of_the_made_up_words(words_config: Path, tmp_path: Path) -> None:
    runner = Runner(Console(file=io.StringIO(), width=200), workers=2)
    found = sizes(runner, str(words_config), (1, 24), 2, folder=tmp_path)
    assert found is not None
    table = found.set_index("variant")
    assert table.loc["24 recurrent", "accuracy"] > table.loc["1 recurrent", "accuracy"]
    assert (table["seeds"] == 2).all()
    assert (tmp_path / "sizes-words.png").read_bytes().startswith(b"\x89PNG")


def test_the_picture_shows_the_means() -> None:
    rows = pd.DataFrame(
        {
            "variant": ["64 recurrent", "64 recurrent", "128 recurrent", "64 feed-forward"],
            "accuracy": [0.5, 0.7, 0.8, 0.4],
        }
    )
    lines = {line.get_label(): line.get_ydata() for line in by_size(rows).axes[0].lines}
    assert list(lines["recurrent"]) == pytest.approx([0.6, 0.8])
    assert list(lines["feed-forward"]) == pytest.approx([0.4])
