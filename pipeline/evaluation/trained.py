"""A trained run, ready to predict."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.engines.base import Engine
from models.errors import InputError
from pipeline.config import Config, GennConfig
from pipeline.engine_choice import EngineName, at_hand, backend_at_hand
from pipeline.training.engines import make_engine
from pipeline.training.run import Run

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A run's config and its network with the weights that validation chose.

    Attributes
    ----------
    run : Run
    config : Config
    engine : Engine
    classes : tuple of str
        What the outputs stand for.
    epoch : int
        The epoch of the weights, counted from 1.
    """

    run: Run
    config: Config
    engine: Engine
    classes: tuple[str, ...]
    epoch: int


def load_trained(run: Run, threads: int = 0, engine: EngineName | None = None) -> Trained:
    """Read a run's best checkpoint.

    Parameters
    ----------
    run : Run
    threads : int
        Of the CPU engine; 0 takes all.
    engine : {"cpu", "genn"}, optional
        What to run it on: the engine that trained it, unless said; where that is not installed, the CPU engine.

    Returns
    -------
    Trained

    Raises
    ------
    InputError
        If the run has no best checkpoint yet, or its files do not belong together.
    """
    config = run.config()
    best = run.load("best")
    if best is None:
        raise InputError(f"{run.folder} has no best.npz: it has not finished an epoch yet")
    classes = tuple(best.progress["classes"])
    own: EngineName = "genn" if config.engine == "genn" else "cpu"
    # What e-prop trains are other neurons.
    chosen, why = (engine or own, "") if engine or config.training.method == "e-prop" else at_hand(own)
    if why:
        logger.warning("%s: %s", run.folder, why)
    backend = backend_at_hand(config.genn.backend) if chosen == "genn" else "auto"
    config = config.model_copy(update={"engine": chosen, "genn": GennConfig(backend=backend)})
    made = make_engine(config, int(best.progress["channels"]), len(classes), threads)
    weights: dict[str, NDArray[np.generic]] = {}
    for name, shape in made.network.shapes.items():
        found = best.state.get(f"weights/{name}")
        if found is None or found.shape != shape:
            what = "no" if found is None else f"a {found.shape}"
            raise InputError(
                f"{run.folder}/best.npz has {what} array {name}; its config.toml wants one of shape {shape}"
            )
        weights[name] = found
    made.set_weights({name: w.astype(np.float32) for name, w in weights.items()})
    return Trained(run, config, made, classes, int(best.progress["epochs"]))
