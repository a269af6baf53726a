"""The whole of a run's configuration."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Literal

import numpy as np
import tomli_w
from pydantic import Field, model_validator

from models.errors import InputError
from pipeline.config.base import Section
from pipeline.config.data import AugmentationConfig, DataConfig
from pipeline.config.losses import CrossEntropyConfig, LossConfig, MeanSquareConfig, WindowConfig
from pipeline.config.network import NetworkConfig
from pipeline.config.training import GennConfig, TrainingConfig
from pipeline.engine_choice import choose_engine


class Config(Section):
    """A run, but for its number of threads: that changes no result."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    engine: Literal["auto", "cpu", "genn"] = "auto"
    """auto is GeNN where it is installed, a GPU answers and it can do all that the config asks for; else cpu."""
    seed: Annotated[int, Field(ge=0)] = 1
    data: DataConfig
    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = CrossEntropyConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    training: TrainingConfig = TrainingConfig()
    genn: GennConfig = GennConfig()

    @property
    def steps(self) -> int:
        """Steps of a trial."""
        return round(self.data.trial / self.data.dt)

    @property
    def window(self) -> WindowConfig | None:
        """The readout window; None where the loss has none."""
        return self.loss.window if isinstance(self.loss, CrossEntropyConfig | MeanSquareConfig) else None

    @model_validator(mode="after")
    def _plateau_needs_validation(self) -> Config:
        if self.training.schedule == "plateau" and self.data.validation == "none":
            raise InputError('training.schedule is "plateau", which needs a validation part; data.validation is "none"')
        return self

    def resolved(self) -> Config:
        """Return the config with every choice made: the engine that "auto" takes, the numbers of a window's file.

        Raises
        ------
        InputError
            If the engine is not here, or the window's file can't be read.
        """
        possible = isinstance(self.loss, CrossEntropyConfig) and self.network.spike_times == "plain"
        wanted = "genn" if self.engine == "auto" and self.training.method == "e-prop" else self.engine
        engine, backend = choose_engine(wanted, self.genn.backend, possible)
        made = self.model_copy(update={"engine": engine, "genn": GennConfig(backend=backend)})
        if self.window is None or self.window.file is None:
            return made
        window = self.window.model_copy(update={"file": None, "values": _read_numbers(self.window.file)})
        return made.model_copy(update={"loss": self.loss.model_copy(update={"window": window})})

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


def _read_numbers(file: str) -> tuple[float, ...]:
    try:
        return tuple(np.loadtxt(file, ndmin=1).ravel().tolist())
    except (OSError, ValueError) as error:
        raise InputError(f"loss.window.file {file} is not a file of one number a line: {error}") from None
