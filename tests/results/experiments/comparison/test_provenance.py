"""A table's JSON says which code and which configs its runs were made from."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pandas as pd

from pipeline.config import load_config
from pipeline.training.run import Run, commit
from results.experiments.comparison.provenance import config_hash_of, provenance
from results.experiments.comparison.report import write


def test_a_table_is_written_with_the_commits_and_the_configs_of_its_runs(words_config: Path, tmp_path: Path) -> None:
    configs = [load_config(words_config, (f"seed={seed}", f"network.hidden={h}")) for h in (8, 12) for seed in (1, 2)]
    runs = [Run.of(config) for config in configs]
    for run, config in zip(runs, configs, strict=True):
        run.begin(config)
    rows = pd.DataFrame({"run": [*(str(run.folder) for run in runs), None]})
    assert provenance(rows)["commits"] == [commit()]
    write(tmp_path, "made", rows, pd.DataFrame({"accuracy": [0.5]}))
    about = json.loads((tmp_path / "made.json").read_text())
    assert set(about) == {"variants", "environment", "commits", "configs"}
    assert about["configs"] == {
        configs[0].hash(): tomllib.loads(configs[0].toml()),
        configs[2].hash(): tomllib.loads(configs[2].toml()),
    }
    assert [config_hash_of(str(run.folder)) for run in runs] == [config.hash() for config in configs]
