"""What a table's runs were made from: the code's commits and the resolved configs, read from the runs' folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.config.toml import read_toml
from results.tables.files import read_json


def config_hash_of(run: str) -> str:
    """Return the config's hash in the name of a run's folder, ``<hash>-s<seed>``."""
    return Path(run).name.rpartition("-s")[0]


def provenance(rows: pd.DataFrame) -> dict[str, Any]:
    """Return what the trained runs of a table of `Runner.train` were made from.

    Returns
    -------
    dict
        ``commits`` of the code that trained the runs, sorted; ``configs``, every resolved config as a table, by its
        hash. Runs that differ in the seed only share a config; its seed is that of the first of them.
    """
    folders = [Path(run) for run in rows["run"].dropna().unique()]
    commits = {str(read_json(folder / "env.json", "commit")) for folder in folders}
    configs: dict[str, Any] = {}
    for folder in folders:
        name = config_hash_of(str(folder))
        if name not in configs:
            configs[name] = read_toml(folder / "config.toml")
    return {"commits": sorted(commits), "configs": configs}
