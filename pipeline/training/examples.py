"""A config's examples: its data set, and what of the training part is kept for validation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from models.errors import InputError
from pipeline.config import Config
from pipeline.data.container import SpikeData
from pipeline.data.datasets import Dataset, load
from pipeline.data.datasets.registry import entry
from pipeline.data.splits import hold_out_speakers, present_speakers, stratified_mixed_speakers

VALIDATION_SEED = 0
"""Of the mixed validation split: the same examples for every seed of a run, so that seeds can be compared."""


@dataclass(frozen=True)
class Parts:
    """What a run learns from and what chooses its best epoch."""

    training: SpikeData
    validation: SpikeData | None


def load_dataset(config: Config, progress: bool = True) -> Dataset:
    """Return the config's data set, prepared if need be."""
    root = Path(config.data.root) if config.data.root else None
    options = entry(config.data.dataset).options_from(config.data)
    return load(config.data.dataset, root, progress=progress, **options)


def kept_dataset(config: Config) -> Dataset:
    """Return the config's data set without a word, from memory if the last calls were for the same one."""
    return _kept(data_key(config))


def data_key(config: Config) -> str:
    """Return what decides which data are loaded, as JSON."""
    return config.model_dump_json(include={"data": True, "name": True})


@lru_cache(maxsize=4)
def _kept(key: str) -> Dataset:
    return load_dataset(Config.model_validate_json(key), progress=False)


def split_training(config: Config, training: SpikeData, own: SpikeData | None = None, left_out: str = "") -> Parts:
    """Split the training part of a data set (or of a fold) as the config says.

    Parameters
    ----------
    own : SpikeData, optional
        A validation part that the data set brings along.
    left_out : str
        The speaker that a fold holds out already: where validation names them too, another one is taken.

    Raises
    ------
    InputError
        If the split can't be made.
    """
    kind = config.data.validation
    if kind == "none":
        return Parts(training, None)
    if kind == "own":
        if own is None:
            what = "a fold of one" if left_out else config.data.dataset
            raise InputError(f'data.validation is "own", but {what} has no validation part; use "mixed" or "speaker"')
        return Parts(training, own)
    if kind == "mixed":
        rest, held = stratified_mixed_speakers(training, config.data.validation_fraction, VALIDATION_SEED)
    else:
        named = [name for name in config.data.validation_speakers if name != left_out]
        rest, held = hold_out_speakers(training, named or [present_speakers(training)[-1]])
    if not len(held):
        raise InputError(f"the validation part of {len(training)} examples is empty; there must be two of some class")
    return Parts(training.select(rest), training.select(held))
