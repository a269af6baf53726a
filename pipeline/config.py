"""The configuration of a run: what may be set, what it defaults to, and how it is read."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import InputError

CONFIG_FOLDER = Path(__file__).parent / "configs"
"""The configs that ship with the project; they can be named without folder and ending."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DataConfig(_Section):
    """Which examples, on which time grid, and how they are split."""

    dataset: Literal["digits", "fsdd", "audio", "shd", "ssc"]
    root: str | None = None
    """Folder of the recordings or HDF5 files; not needed by digits."""
    utterances: Annotated[int, Field(ge=1)] = 43
    """digits: utterances a word and voice."""
    trial: Positive = 1000.0
    """Length of a trial in ms."""
    dt: Positive = 1.0
    """Time step in ms."""
    validation: Literal["none", "mixed", "speaker", "own"] = "mixed"
    """none; a random fraction of each class, speakers mixed; whole speakers; or the data set's own part."""
    validation_fraction: Annotated[float, Field(gt=0, lt=1)] = 0.1
    validation_speakers: tuple[str, ...] = ()
    """Speakers held out where validation is "speaker"; none named takes the last one."""


class DelayLineConfig(_Section):
    """Delayed copies of the input."""

    copies: Annotated[int, Field(ge=1)] = 1
    spacing: NotNegative = 0.0
    """ms between copies."""


class InitialConfig(_Section):
    """Normal distributions of the initial weights."""

    input_mean: float = 0.03
    input_sd: NotNegative = 0.01
    recurrent_mean: float = 0.0
    recurrent_sd: NotNegative = 0.02
    output_mean: float = 0.0
    output_sd: NotNegative = 0.03


class NetworkConfig(_Section):
    """The hidden layer and its neurons."""

    hidden: Annotated[int, Field(ge=1)] = 256
    recurrent: bool = True
    tau_mem: Positive = 20.0
    tau_syn: Positive = 5.0
    threshold: Positive = 1.0
    output_tau_mem: Positive = 20.0
    output_tau_syn: Positive = 5.0
    delay_line: DelayLineConfig = DelayLineConfig()
    initial: InitialConfig = InitialConfig()


class WindowConfig(_Section):
    """The readout window; which fields count depends on its shape."""

    shape: Literal["uniform", "exponential", "gaussian", "bump", "tabulated"] = "gaussian"
    mu: float | None = None
    """Centre, as a fraction of the trial."""
    sigma: Positive | None = None
    """Width, as a fraction of the trial."""
    offset: float | None = None
    depth: float | None = None
    file: str | None = None
    """tabulated: a text file of one number a time step; a run keeps its numbers, not its name."""
    values: tuple[float, ...] | None = None
    """tabulated: the numbers themselves."""
    normalise: bool = True


class LossConfig(_Section):
    """Cross-entropy of the windowed readout."""

    scale: Positive = 1.0
    window: WindowConfig = WindowConfig()


class AugmentationConfig(_Section):
    """New versions of the training examples, every epoch; 0 switches off."""

    blend: Probability = 0.0
    dilation: Annotated[float, Field(ge=0, lt=1)] = 0.0
    shift: Annotated[int, Field(ge=0)] = 0
    jitter: NotNegative = 0.0
    drop: Probability = 0.0


class RegulariserConfig(_Section):
    """Pull of the hidden firing rates."""

    strength: NotNegative = 0.0
    target: NotNegative = 14.0
    """Spikes an example and neuron."""
    lift: NotNegative = 0.0
    """Added to the input weights of neurons that were silent for a whole epoch."""


class TrainingConfig(_Section):
    """How long, how fast."""

    epochs: Annotated[int, Field(ge=1)] = 100
    batch: Annotated[int, Field(ge=1)] = 32
    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "cosine"] = "constant"
    """cosine falls to 0 over the epochs."""
    patience: Annotated[int, Field(ge=0)] = 0
    """Stop after so many epochs without a better validation; 0 never does."""
    regulariser: RegulariserConfig = RegulariserConfig()


class Config(_Section):
    """A run, but for its number of threads: that changes no result."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    engine: Literal["auto", "cpu"] = "auto"
    seed: Annotated[int, Field(ge=0)] = 1
    data: DataConfig
    network: NetworkConfig = NetworkConfig()
    loss: LossConfig = LossConfig()
    augmentation: AugmentationConfig = AugmentationConfig()
    training: TrainingConfig = TrainingConfig()

    @property
    def steps(self) -> int:
        """Steps of a trial."""
        return round(self.data.trial / self.data.dt)

    def resolved(self) -> Config:
        """Return the config with every choice made: the engine that "auto" takes, the numbers of a window's file.

        Raises
        ------
        InputError
            If the window's file can't be read.
        """
        made = self.model_copy(update={"engine": "cpu"})
        if self.loss.window.file is None:
            return made
        window = self.loss.window.model_copy(update={"file": None, "values": _read_numbers(self.loss.window.file)})
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


def load_config(source: str | Path, overrides: Iterable[str] = ()) -> Config:
    """Read a config.

    Parameters
    ----------
    source : str or Path
        A TOML file, or the name of a config that ships with the project ("demo", "fsdd").
    overrides : iterable of str
        ``a.b=c``, each replacing one field; c as TOML has it, or a bare word.

    Returns
    -------
    Config

    Raises
    ------
    InputError
        If there is no such file, it is no TOML, or a field is unknown or has a wrong value.
    """
    path = _find(source)
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}") from None
    for override in overrides:
        _override(fields, override)
    try:
        return Config.model_validate(fields)
    except ValidationError as error:
        raise InputError(f"{path}: {_first_problem(error)}") from None


def _read_numbers(file: str) -> tuple[float, ...]:
    try:
        return tuple(np.loadtxt(file, ndmin=1).ravel().tolist())
    except (OSError, ValueError) as error:
        raise InputError(f"loss.window.file {file} is not a file of one number a line: {error}") from None


def _find(source: str | Path) -> Path:
    path = Path(source)
    if path.is_file():
        return path
    shipped = sorted(p.stem for p in CONFIG_FOLDER.glob("*.toml"))
    if str(source) in shipped:
        return CONFIG_FOLDER / f"{source}.toml"
    raise InputError(f"there is no config {source}; give a TOML file or one of {', '.join(shipped)}")


def _override(fields: dict[str, Any], override: str) -> None:
    name, equals, text = override.partition("=")
    if not equals or not name:
        raise InputError(f"--set {override} is not of the form a.b=c")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *sections, field = name.split(".")
    if name == "loss.window.shape":
        # The other fields of a window belong to its shape.
        normalise = fields.get("loss", {}).get("window", {}).get("normalise", True)
        _override(fields, f"loss.window={{normalise={str(normalise).lower()}}}")
    place: Any = fields
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise InputError(f"--set {override}: {section} is a field, not a section")
    place[field] = value


def _first_problem(error: ValidationError) -> str:
    """Say in one sentence what the first problem is, with the nearest right name for a wrong one."""
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        *sections, name = problem["loc"]
        known = _fields_of(Config, [str(s) for s in sections])
        near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.0)[0]
        return f"unknown field {where}; the nearest right name is {'.'.join([*map(str, sections), near])}"
    if problem["type"] == "missing":
        return f"{where} is missing"
    return f"{where} is {problem['input']!r}; {problem['msg'][0].lower()}{problem['msg'][1:]}"


def _fields_of(model: type[BaseModel], sections: list[str]) -> Mapping[str, Any]:
    for section in sections:
        annotation = model.model_fields[section].annotation
        assert isinstance(annotation, type)
        model = annotation
    return model.model_fields
