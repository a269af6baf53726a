"""A trained run, ready to predict."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.engines import registry
from models.engines.base import Engine
from models.engines.operations import Operations
from models.errors import InputError
from models.network import Weights, fits
from pipeline.config import Config
from pipeline.data.container import SpikeData
from pipeline.data.names import composed
from pipeline.training.batches import prediction_batches
from pipeline.training.examples import Parts
from pipeline.training.learned import Learned
from pipeline.training.placement import make_engine
from pipeline.training.problem import make_problem
from pipeline.training.run import Run, fingerprint

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trained:
    """A run's config and its network with the weights that validation chose."""

    run: Run
    config: Config
    engine: Engine
    classes: tuple[str, ...]
    """What the outputs stand for."""
    epoch: int
    """The epoch of the weights, counted from 1."""
    learned: Learned | None = None
    """Which recordings it has learned from; None where it was trained by a version that did not keep it."""

    def trained_on(self, parts: Parts) -> Trained:
        """Return this with ``parts`` as what it has learned from, where it does not know and they are what it was.

        Runs of versions that did not keep which recordings they learned from have a hash of them all.
        """
        last = None if self.learned else self.run.load("last")
        given = [part for part in (parts.training, parts.validation) if part is not None]
        if last is None or last.progress["data"] != fingerprint(*given):
            return self
        return replace(self, learned=Learned.of(parts))

    def with_options(self, **changes: Any) -> Trained:
        """Return this with other settings of its training method, for how its trained network is run.

        A converted network for fewer steps, for example: ``trained.with_options(steps=30)``. The weights stay.

        Raises
        ------
        InputError
            If the method has no such settings, or the weights are not those of a network with them.
        """
        options, method = self.config.training.options, self.config.training.method
        unknown = changes.keys() - (vars(options) if options is not None else {})
        if unknown:
            raise InputError(f'training.method "{method}" has no setting {", ".join(sorted(unknown))}')
        assert options is not None
        training = self.config.training.model_copy(update={"options": replace(options, **changes)})
        config = self.config.changed(training=training)
        channels = self.engine.network.input.channels
        engine = make_engine(config, channels, len(self.classes), weights=self.engine.weights)
        return replace(self, config=config, engine=engine)

    def operations(self, data: SpikeData) -> Operations:
        """Return what an example of ``data`` costs in inference, in the mean."""
        return self.engine.operations(prediction_batches(data, self.config))


def load_trained(run: Run, threads: int = 0, engine: str | None = None) -> Trained:
    """Read a run's best checkpoint.

    Parameters
    ----------
    threads : int
        Of the CPU engine; 0 takes all.
    engine : str, optional
        What to run it on: the engine that trained it, unless said; where that is not here, another one that runs the
        same neurons.

    Raises
    ------
    InputError
        If the run has no best checkpoint yet, or its files do not belong together.
    """
    config = run.config()
    best = run.load("best")
    if best is None:
        raise InputError(f"{run.folder} has no best.npz: it has not finished an epoch yet")
    classes = tuple(map(composed, best.progress["classes"]))
    channels = best.progress["channels"]
    problem = make_problem(config, channels, len(classes))
    if engine is None:
        chosen = registry.choose_for_trained(problem, config.engine, config.device)
    else:
        chosen = registry.choose_instead(problem, config.engine, engine)
    if chosen.why and engine is None:
        logger.warning("%s: %s", run.folder, chosen.why)
    config = config.changed(engine=chosen.entry.engine, device=chosen.device)
    if chosen.entry.method != config.training.method:
        trained_by = {"method": chosen.entry.method, "options": None}
        config = config.changed(training=config.training.model_copy(update=trained_by))
    weights: Weights = {}
    for name, shape in chosen.entry.shapes(problem).items():
        found = best.state.get(f"weights/{name}")
        if found is None or not fits(found.shape, shape):
            what = "no" if found is None else f"a {found.shape}"
            raise InputError(
                f"{run.folder}/best.npz has {what} array {name}; its config.toml wants one of shape {shape}"
            )
        weights[name] = found.astype(np.float32)
        if not np.isfinite(weights[name]).all():
            raise InputError(f"{run.folder}/best.npz has values that are not finite in the array {name}; train it anew")
    made = make_engine(config, channels, len(classes), threads, weights)
    return Trained(run, config, made, classes, best.progress["epochs"], Learned.read(run))
