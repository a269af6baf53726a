"""The whole of a run's configuration."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import Field, model_validator

from models.engines.registry import engines
from models.errors import InputError
from models.losses import CrossEntropy, Loss
from models.windows import Window
from pipeline.config.base import Section, one_of
from pipeline.config.data import DataConfig
from pipeline.config.network import NetworkConfig
from pipeline.config.training import TrainingConfig
from pipeline.data.augmentation import Augmentation


class Config(Section):
    """A run, but for its number of threads, which changes no result."""

    version: Literal[2] = 2
    """Of the config's format; see `pipeline.config.migration`."""
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    engine: Annotated[str, one_of("engine", lambda: ("auto", *engines()))] = "auto"
    """auto is the fastest engine that is installed, whose device answers, and that can do what the config asks for."""
    device: str = "auto"
    """What the engine runs on, by the engine's own names; auto is its best device that answers."""
    seed: Annotated[int, Field(ge=0)] = 1
    data: DataConfig
    network: NetworkConfig = NetworkConfig()
    loss: Loss = CrossEntropy()
    augmentation: Augmentation = Augmentation()
    training: TrainingConfig = TrainingConfig()

    @property
    def steps(self) -> int:
        """Steps of a trial, as many as a float counts at most."""
        return round(min(self.data.trial / self.data.dt, 2.0**53))

    @property
    def window(self) -> Window | None:
        """The readout window; None where the loss has none."""
        window: Window | None = getattr(self.loss, "window", None)
        return window

    @model_validator(mode="after")
    def _plateau_needs_validation(self) -> Config:
        if self.training.schedule == "plateau" and self.data.validation == "none":
            raise InputError('training.schedule is "plateau", which needs a validation part; data.validation is "none"')
        return self

    def changed(self, **fields: Any) -> Config:
        """Return the config with some of its own fields changed; they are not validated."""
        return self.model_copy(update=fields)

    def toml(self) -> str:
        """Return the config as TOML, defaults included, fields that are not set left out."""
        return tomli_w.dumps(self.model_dump(exclude_none=True))

    def hash(self) -> str:
        """Return what tells runs apart beside their seed: twelve hexadecimal digits."""
        return config_hash(self.toml())


def config_hash(text: str) -> str:
    """Return the hash of a config's TOML but for its seed.

    Of the text, not the fields: a later version's new fields do not make an old run another one's.
    """
    return hashlib.sha256(re.sub(r"(?m)^seed = .*$", "", text).encode()).hexdigest()[:12]
