"""The tables, each a data frame, and what readers see in place of their columns' names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from pipeline.config import CONFIG_FOLDER, load_config
from pipeline.data.datasets.registry import entry
from pipeline.evaluation.intervals import student
from pipeline.events import CHANNELS
from pipeline.training.problem import make_network
from results.tables.files import read_json
from results.tables.records import Record
from sweeps.network_columns import NETWORK_COLUMNS, window_text
from sweeps.state import State
from sweeps.store import Store

HEADERS = {
    "comparison": "experiment",
    "what": "variant",
    "data": "data set",
    "window": "readout window",
    "hidden": "hidden neurons",
    "kind": "network",
    "low": "95 % CI low",
    "high": "95 % CI high",
    "held": "scored on",
    "source": "recorded in",
    "run": "run folder",
    "tau_mem": "tau_mem (ms)",
    "tau_syn": "tau_syn (ms)",
    "steps": "time steps",
    "dt": "dt (ms)",
    "parameters": "trained parameters",
    "batch": "batch size",
    "case": "network and trial",
    "ms_an_example": "ms per example",
    "megabytes": "memory (MB)",
    "hidden_spikes": "spikes per hidden neuron and example",
    "space": "search space",
    "points": "sweep trials",
    "least_error": "lowest validation error",
    "at_point": "number of the best sweep trial",
}
"""What readers see in place of columns' names."""

LITERATURE_HEADERS = {
    "work": "method",
    "data": "data set",
    "accuracy": "test accuracy (%)",
    "spread": "as published: +- (%)",
    "chosen_on": "epoch or setting chosen on",
    "source": "publication",
}
"""The same for other groups' results."""

HELD_OUT_SPEAKERS = "held-out speakers"


def accuracy(records: Iterable[Record]) -> pd.DataFrame:
    """Return mean accuracies with 95 % intervals over seeds (Student's t); folds are averaged within a seed first.

    Seeds that lack a fold are left out, since folds differ in difficulty. Where an experiment chose the window anew
    for each held-out speaker, its row names all the chosen windows.

    Returns
    -------
    DataFrame
        One row for all records that differ in seed and fold only: comparison, what, the `NETWORK_COLUMNS`, scored_on
        ("test" or held-out speakers), seeds, folds, examples, accuracy, low, high.
    """
    keys = ["comparison", "what", *NETWORK_COLUMNS, "scored_on"]
    columns = [*keys, "seeds", "folds", "examples", "accuracy", "low", "high"]
    table = pd.DataFrame([vars(record) for record in records])
    if table.empty:
        return pd.DataFrame(columns=columns)
    table["scored_on"] = table["held"].where(table["held"] == "test", HELD_OUT_SPEAKERS)
    alike = [key for key in keys if key != "window"]
    rows = []
    for key, part in table.groupby(alike, sort=False):
        folds = part["held"].nunique()
        seeds = part.groupby("seed").agg({"accuracy": "mean", "examples": "sum", "held": "nunique"})
        whole = seeds[seeds["held"] == folds]
        mean, low, high = student(whole["accuracy"].to_numpy())
        row = dict(zip(alike, key, strict=True)) | {"window": " or ".join(sorted(part["window"].unique()))}
        row |= {"seeds": len(whole), "folds": folds, "examples": whole["examples"].max() if len(whole) else 0}
        rows.append(row | {"accuracy": mean, "low": max(low, 0.0), "high": min(high, 1.0)})
    return pd.DataFrame(rows, columns=columns)


def parameters() -> pd.DataFrame:
    """Return the networks of the configs that ship today, and how they are trained.

    A data set whose classes depend on the user's files counts with one class.
    """
    rows = []
    for path in sorted(CONFIG_FOLDER.glob("*.toml")):
        config = load_config(path)
        net = make_network(config, CHANNELS, entry(config.data.dataset).classes or 1)
        rows.append(
            {
                "config": config.name,
                "hidden": " + ".join(str(layer.size) for layer in net.hidden),
                "recurrent": any(layer.recurrent is not None for layer in net.hidden),
                "tau_mem": net.hidden[0].tau_mem,
                "tau_syn": net.hidden[0].tau_syn,
                "time_constants": net.hidden[0].time_constants,
                "delay_line": f"{net.input.delay_line.copies} x {net.input.delay_line.spacing:g} ms",
                "window": window_text(config),
                "steps": config.steps,
                "dt": config.data.dt,
                "parameters": sum(math.prod(size) for name, size in net.shapes.items() if name not in net.fixed),
                "batch": config.training.batch,
                "learning_rate": config.training.learning_rate,
                "epochs": config.training.epochs,
            }
        )
    return pd.DataFrame(rows)


def speed(folder: Path) -> pd.DataFrame:
    """Return time and memory of training by trainer, from ``peers.json`` and ``length.json``, where they are there."""
    columns = ["benchmark", "trainer", "case", "threads", "ms_an_example", "megabytes", "hidden_spikes"]
    rows = []
    for path in (folder / "peers.json", folder / "length.json"):
        if path.is_file():
            for row in read_json(path, "rows"):
                if "ms_an_example" in row:
                    rows.append({"benchmark": path.stem, "case": f"{row.get('steps')} steps"} | row)
    return pd.DataFrame(rows, columns=columns)


def sweeps(folder: Path) -> pd.DataFrame:
    """Return what every sweep found, from the stores in a folder."""
    rows = []
    for path in sorted(folder.glob("*.jsonl")):
        state = State.of(Store(path).begun_events())
        best, space = state.best, state.begun["space"]
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
