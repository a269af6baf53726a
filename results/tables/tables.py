"""The tables, each a data frame."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from models.network import Network
from pipeline.config import CONFIG_FOLDER, load_config
from pipeline.evaluation.intervals import student
from pipeline.events import CHANNELS
from pipeline.training.build import make_network
from results.tables.network_columns import DESCRIBED, window_of
from results.tables.records import Record
from sweeps.state import State
from sweeps.store import Store

CLASSES = {"digits": 20, "shd": 20, "ssc": 35, "fsdd": 10, "audio": 10}


def accuracy(records: Iterable[Record]) -> pd.DataFrame:
    """Return mean accuracies with their 95 % intervals over seeds, folds averaged within a seed.

    Seeds that lack a fold that others have are left out: folds are not equally hard. A comparison that chose its
    window anew without each speaker is one row, which names all the windows.

    Returns
    -------
    DataFrame
        One row for what differs in more than seed and fold: comparison, what, data, window, hidden, kind, scored on,
        seeds, folds, examples, accuracy, low, high.
    """
    keys = ["comparison", "what", *DESCRIBED, "scored_on"]
    columns = [*keys, "seeds", "folds", "examples", "accuracy", "low", "high"]
    table = pd.DataFrame([vars(record) for record in records])
    if table.empty:
        return pd.DataFrame(columns=columns)
    table["scored_on"] = table["held"].where(table["held"] == "test", "left-out speakers")
    alike = [key for key in keys if key != "window"]
    rows = []
    for key, part in table.groupby(alike, sort=False):
        named = dict(zip(alike, key, strict=True))
        named["window"] = " or ".join(sorted(part["window"].unique()))
        folds = part["held"].nunique()
        whole = part.groupby("seed").filter(lambda seed, folds=folds: seed["held"].nunique() == folds)
        by_seed = whole.groupby("seed")["accuracy"].mean()
        mean, low, high = student(by_seed.to_numpy())
        examples = int(whole.groupby("seed")["examples"].sum().max()) if len(whole) else 0
        numbers = (len(by_seed), folds, examples, mean, max(low, 0.0), min(high, 1.0))
        rows.append((*(named[name] for name in keys), *numbers))
    return pd.DataFrame(rows, columns=columns)


def parameters() -> pd.DataFrame:
    """Return the shipped configs' networks and how they are trained."""
    rows = []
    for path in sorted(CONFIG_FOLDER.glob("*.toml")):
        config = load_config(path)
        net = make_network(config, CHANNELS, CLASSES[config.data.dataset])
        rows.append(
            {
                "config": config.name,
                "hidden": " + ".join(str(layer.size) for layer in net.hidden),
                "recurrent": any(layer.recurrent is not None for layer in net.hidden),
                "tau_mem": net.hidden[0].tau_mem,
                "tau_syn": net.hidden[0].tau_syn,
                "time_constants": net.hidden[0].time_constants,
                "delay_line": f"{net.input.delay_line.copies} x {net.input.delay_line.spacing:g} ms",
                "window": window_of(config),
                "steps": config.steps,
                "dt": config.data.dt,
                "parameters": _count(net),
                "batch": config.training.batch,
                "learning_rate": config.training.learning_rate,
                "epochs": config.training.epochs,
            }
        )
    return pd.DataFrame(rows)


def _count(network: Network) -> int:
    """Return how many numbers training may change."""
    total = 0
    for name, shape in network.shapes.items():
        if name not in network.fixed:
            size = 1
            for length in shape:
                size *= length
            total += size
    return total


def speed(folder: Path) -> pd.DataFrame:
    """Return time and memory of training by trainer, from what `make bench` wrote.

    Parameters
    ----------
    folder : Path
        Of ``peers.json`` and ``length.json``; a missing one has no rows.
    """
    columns = ["benchmark", "trainer", "case", "threads", "ms_an_example", "megabytes", "hidden_spikes"]
    rows = []
    for name in ("peers", "length"):
        path = folder / f"{name}.json"
        if path.is_file():
            for row in json.loads(path.read_text(encoding="utf-8"))["rows"]:
                if "ms_an_example" in row:
                    case = row.get("case") or f"{row.get('steps')} steps"
                    rows.append((name, row["trainer"], case, *(row.get(column) for column in columns[3:])))
    return pd.DataFrame(rows, columns=columns)


def sweeps(folder: Path) -> pd.DataFrame:
    """Return what every sweep found, from its store.

    Parameters
    ----------
    folder : Path
        Of ``*.jsonl``.
    """
    rows = []
    for path in sorted(folder.glob("*.jsonl")):
        state = State.of(Store(path).events())
        best = state.best
        space = state.begun["space"]
        rows.append(
            {
                "space": space["name"],
                "strategy": space["search"]["strategy"],
                "seed": space["search"]["seed"],
                "points": len(state.finished),
                "trained_to_the_end": sum(p.status == "done" for p in state.points),
                "failed": sum(p.status == "failed" for p in state.points),
                "least_error": None if best is None else best.error,
                "at_point": None if best is None else best.number,
            }
        )
    return pd.DataFrame(rows)
