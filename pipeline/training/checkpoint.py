"""A run's checkpoints as they are read: arrays, and the progress beside them, each as it was written or refused."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field, ValidationError

State = dict[str, NDArray[np.generic]]
Count = Annotated[int, Field(ge=0, le=2**31)]


class MetricsRow(BaseModel, extra="allow"):
    """A row of the metrics; see `pipeline.training.metrics.COLUMNS`."""

    epoch: Count
    split: str
    loss: float
    accuracy: float
    rate: float
    silent: float
    beyond: float = 0.0


class Last(BaseModel, extra="forbid"):
    """The progress in ``last.npz``."""

    data: str
    epochs: Count
    best_epoch: Count
    best_score: tuple[float, float] | None
    rows: list[MetricsRow]


class Best(BaseModel):
    """The progress in ``best.npz``."""

    epochs: Annotated[Count, Field(ge=1)]
    classes: Annotated[list[str], Field(min_length=1)]
    channels: Annotated[int, Field(ge=1, le=65536)]


FORMS: dict[str, type[BaseModel]] = {"last": Last, "best": Best}
"""What each checkpoint's progress holds."""


@dataclass(frozen=True)
class Checkpoint:
    """All that continuing needs."""

    state: State
    """The engine's: weights, moments, update count."""
    progress: dict[str, Any]
    """The trainer's: epochs done, best so far, rows of the metrics, the data's fingerprint."""


class Damaged(ValueError):
    """A file's bytes are not what was written; the message says how."""


def read_arrays(path: Path) -> State:
    """Return the arrays of numbers in a file of NumPy's.

    Raises
    ------
    Damaged
        If it is none, or holds anything else.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except Exception as error:
        # NumPy lets pass whatever zipfile, zlib, tokenize and malloc say of bytes that it has not written.
        raise Damaged(str(error).partition("\n")[0].partition(". ")[0][:100]) from None
    for key, array in arrays.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
            raise Damaged(f"{key} is no array of numbers")
    return arrays


def read_checkpoint(path: Path, name: str) -> Checkpoint:
    """Return the checkpoint (``last`` or ``best``) in a file.

    Raises
    ------
    Damaged
        If it is none.
    """
    state = read_arrays(path)
    text = state.pop("progress", np.empty(0)).tobytes()
    try:
        progress = FORMS[name].model_validate_json(text, strict=True)
    except ValidationError as error:
        problem = error.errors()[0]
        field = ".".join(map(str, problem["loc"]))
        raise Damaged(f"it has no valid {field or 'progress'}") from None
    return Checkpoint(state, progress.model_dump(exclude_unset=True))
