"""The section about the examples."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from models.errors import InputError
from pipeline.config.base import Positive, Section, one_of
from pipeline.data.datasets import names
from pipeline.data.datasets.registry import entry
from pipeline.data.names import composed
from pipeline.ears import registry as ears


def _writable(root: str) -> str:
    try:
        root.encode()
    except UnicodeEncodeError:
        raise InputError(
            f"data.root is {root!r}, which is not UTF-8, as a config must be; start the command in that folder "
            "with data.root=., or rename the folder"
        ) from None
    return root


def _default_unsaid(ear: str | None) -> str | None:
    """Return None for the default ear: configs that name it are those that say nothing, as all did before."""
    return None if ear == ears.DEFAULT else ear


class DataConfig(Section):
    """Which examples, on which time grid, and how they are split."""

    dataset: Annotated[str, one_of("data.dataset", names)]
    root: Annotated[str, AfterValidator(_writable)] | None = None
    """Folder of the recordings or HDF5 files; not needed by digits."""
    utterances: Annotated[int, Field(ge=1)] = 43
    """digits: utterances a word and voice."""
    skip_bad: bool | None = None
    """asc, audio, fsdd: leave recordings out that can't be used, and count them, instead of refusing them."""
    ear: Annotated[Annotated[str, one_of("data.ear", ears.names)] | None, AfterValidator(_default_unsaid)] = None
    """asc, audio, digits, fsdd: what turns recordings into events; the cochlea unless set."""
    trial: Positive = 1000.0
    """Length of a trial in ms."""
    dt: Positive = 1.0
    """Time step in ms."""
    validation: Literal["none", "mixed", "speaker", "own"] = "mixed"
    """none; a random fraction of each class, speakers mixed; whole speakers; or the data set's own part."""
    validation_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1
    validation_speakers: tuple[Annotated[str, AfterValidator(composed)], ...] = ()
    """Speakers held out where validation is "speaker"; none named takes the last one."""

    @model_validator(mode="after")
    def _ears_hear_recordings(self) -> DataConfig:
        if self.ear is not None and not entry(self.dataset).heard:
            raise InputError(
                f'data.ear is "{self.ear}", but {self.dataset} has spikes and no recordings to hear; leave data.ear out'
            )
        return self
