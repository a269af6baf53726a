"""Accuracy of a trained run on one split, with its interval, by class and by speaker."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from models.engines.base import Engine
from models.errors import InputError
from pipeline.config import Config
from pipeline.data.container import SpikeData
from pipeline.data.datasets import Dataset
from pipeline.data.trial import check_trial
from pipeline.evaluation.intervals import wilson
from pipeline.evaluation.trained import Trained
from pipeline.evaluation.unseen import unseen
from pipeline.training.batches import Counted, prediction_batches
from pipeline.training.examples import split_training


@dataclass(frozen=True)
class Evaluation:
    """How a network does on some examples."""

    split: str
    epoch: int
    """Whose weights, counted from 1."""
    examples: int
    loss: float
    """The mean of what is trained to be small: of cross-entropies in nats, of a mean square of voltages in theirs."""
    accuracy: float
    low: float
    high: float
    """Ends of the 95 % interval (Wilson) of the accuracy."""
    rate: float
    """Spikes an example and hidden neuron."""
    silent: float
    """Fraction of hidden neurons without a spike in all examples."""
    speakers: dict[str, float]
    """Accuracy by speaker."""
    classes: tuple[str, ...]
    confusion: list[list[int]]
    """Examples by true class (rows) and predicted class (columns)."""
    right: str = ""
    """A digit an example, in their order: 1 where the network was right, 0 where it was not."""
    left_out: int = 0
    """Examples that were not scored since the run has learned from their recordings."""
    beyond: float = 0.0
    """Fraction of the events that lie beyond the trial's end."""
    recordings: str = ""
    """A hash of which recordings were scored, in their order: scores can be compared example by example only where it
    is the same."""

    def json(self) -> str:
        """Return the evaluation as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def read(cls, path: Path) -> Evaluation:
        """Return the evaluation in a file, as `json` gives it.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is none, or it is not as it was written.
        """
        return TypeAdapter(cls).validate_json(path.read_bytes(), strict=True)


def split_of(dataset: Dataset, config: Config, split: str) -> SpikeData:
    """Return a split of a data set by name: train, validation (as the config makes it) or test.

    Raises
    ------
    InputError
        If there is no such split.
    """
    if split == "test":
        return dataset.test
    parts = split_training(config, dataset.train, dataset.validation)
    if split == "train":
        return parts.training
    if split != "validation":
        raise InputError(f"there is no split {split!r}; there are train, validation and test")
    if parts.validation is None:
        raise InputError('the run has no validation split: its data.validation is "none"')
    return parts.validation


def evaluate(trained: Trained, data: SpikeData, split: str) -> Evaluation:
    """Evaluate a trained run on examples, which ``split`` names; recordings that it has learned from are left out.

    Raises
    ------
    InputError
        If the data have other classes or channels than the run was trained on, if it has learned from all of the
        recordings (see `unseen`), or if most events lie beyond the trial's end.
    """
    if data.classes != trained.classes:
        raise InputError(
            f"the data have the classes {', '.join(data.classes)}; {trained.run.folder} was trained on "
            f"{', '.join(trained.classes)}"
        )
    channels = trained.engine.network.input.channels
    if data.channels != channels:
        raise InputError(f"the data have {data.channels} channels; {trained.run.folder} was trained on {channels}")
    new = unseen(trained, data, split)
    check_trial(new, trained.config.data.trial, trained.config.data.dt, f"the {split} part")
    scored = score(trained.engine, trained.config, new, split, trained.epoch)
    return replace(scored, left_out=len(data) - len(new))


def score(engine: Engine, config: Config, data: SpikeData, split: str, epoch: int) -> Evaluation:
    """Evaluate an engine as it is; see `evaluate`."""
    batches = Counted(prediction_batches(data, config))
    said = engine.predict(batches)
    predicted = said.logits.argmax(axis=1)
    confusion = np.zeros((len(data.classes), len(data.classes)), dtype=np.int64)
    np.add.at(confusion, (data.labels, predicted), 1)
    right = predicted == data.labels
    low, high = wilson(int(right.sum()), len(data))
    return Evaluation(
        split=split,
        epoch=epoch,
        examples=len(data),
        loss=float(said.losses.mean()),
        accuracy=float(right.mean()),
        low=low,
        high=high,
        rate=float(said.hidden_counts.mean() / len(data)),
        silent=float((said.hidden_counts == 0).mean()),
        speakers={data.speaker_names[s]: float(right[data.speakers == s].mean()) for s in np.unique(data.speakers)},
        classes=data.classes,
        confusion=confusion.tolist(),
        right="".join(map(str, right.astype(int))),
        beyond=batches.beyond,
        recordings=hashlib.blake2b(data.identities.tobytes(), digest_size=8).hexdigest(),
    )
