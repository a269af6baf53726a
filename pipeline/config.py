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
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

from models.errors import InputError
from pipeline.engine_choice import BackendName, choose_engine

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


class SynapsesConfig(_Section):
    """The synapses of one kind of connection."""

    density: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Probability that a synapse exists."""
    delays: Literal["none", "fixed", "trained"] = "none"
    """Whether each synapse has a delay of its own, and whether it is learned."""
    longest: NotNegative = 0.0
    """Upper bound of the delays in ms."""


class ConnectionsConfig(_Section):
    """The synapses of all connections; feedforward ones are those between hidden layers."""

    input: SynapsesConfig = SynapsesConfig()
    recurrent: SynapsesConfig = SynapsesConfig()
    feedforward: SynapsesConfig = SynapsesConfig()
    output: SynapsesConfig = SynapsesConfig()


class NormalConfig(_Section):
    """A normal distribution."""

    kind: Literal["normal"] = "normal"
    mean: float = 0.0
    sd: NotNegative = 0.02


class UniformConfig(_Section):
    """A uniform distribution."""

    kind: Literal["uniform"] = "uniform"
    low: float = -0.05
    high: float = 0.05


class ConstantConfig(_Section):
    """The same value for all."""

    kind: Literal["constant"] = "constant"
    value: float = 0.0


class KaimingConfig(_Section):
    """A normal distribution of mean 0 and deviation gain / sqrt(presynaptic neurons)."""

    kind: Literal["kaiming"] = "kaiming"
    gain: Positive = 1.0


class LogNormalConfig(_Section):
    """A distribution of positive numbers whose logarithm is normal."""

    kind: Literal["lognormal"] = "lognormal"
    median: Positive = 1.0
    spread: NotNegative = 0.0
    """Deviation of the natural logarithm."""


def _kind(given: Any) -> Any:
    """Return which kind of section a table is to become, or one is."""
    return given.get("kind") if isinstance(given, dict) else getattr(given, "kind", None)


InitialiserConfig = Annotated[
    Annotated[NormalConfig, Tag("normal")]
    | Annotated[UniformConfig, Tag("uniform")]
    | Annotated[ConstantConfig, Tag("constant")]
    | Annotated[KaimingConfig, Tag("kaiming")]
    | Annotated[LogNormalConfig, Tag("lognormal")],
    Discriminator(_kind),
]


class InitialConfig(_Section):
    """What parameters are drawn from before training.

    A table of the kind that is the default keeps the default's fields where it does not set them.
    """

    input: InitialiserConfig = NormalConfig(mean=0.03, sd=0.01)
    """Of undelayed input: what is drawn is split among the copies of a delay line."""
    recurrent: InitialiserConfig = NormalConfig(sd=0.02)
    feedforward: InitialiserConfig = NormalConfig(mean=0.02, sd=0.03)
    output: InitialiserConfig = NormalConfig(sd=0.03)
    bias: InitialiserConfig = ConstantConfig()
    delay: InitialiserConfig | None = None
    """In ms; not set is uniform from 0 to the connection's longest."""
    spread: NotNegative = 0.0
    """Deviation of the logarithm of time constants about their population's, where each neuron has its own."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        complete = dict(fields)
        for name, given in fields.items():
            default = cls.model_fields[name].default if name in cls.model_fields else None
            if isinstance(given, dict) and isinstance(default, _Section):
                start = default.model_dump()
                if given.get("kind", start["kind"]) == start["kind"]:
                    complete[name] = start | given
        return complete


TimeConstants = Literal["shared", "fixed", "trained"]


class NetworkConfig(_Section):
    """The hidden layers, the readout, and how they are connected."""

    hidden: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = (256,)
    """Neurons of each hidden layer; a single number is one layer."""
    recurrent: tuple[bool, ...] = (True,)
    """Whether each hidden layer is connected to itself; a single value holds for all."""
    tau_mem: Positive = 20.0
    tau_syn: Positive = 5.0
    time_constants: TimeConstants = "shared"
    """Whether all hidden neurons have these time constants, or each its own, and whether those are learned."""
    threshold: Positive = 1.0
    bias: bool = False
    """Whether each hidden neuron has a constant current of its own, which is learned."""
    output_tau_mem: Positive = 20.0
    output_tau_syn: Positive = 5.0
    output_time_constants: TimeConstants = "shared"
    output_bias: bool = False
    spike_times: Literal["plain", "interpolated"] = "plain"
    """Whether a spike's time is that of its step or interpolated within it."""
    delay_line: DelayLineConfig = DelayLineConfig()
    synapses: ConnectionsConfig = ConnectionsConfig()
    initial: InitialConfig = InitialConfig()

    @model_validator(mode="before")
    @classmethod
    def _list_layers(cls, fields: Any) -> Any:
        """Let one number be one layer, and one truth value all layers'."""
        if not isinstance(fields, dict):
            return fields
        hidden, recurrent = fields.get("hidden", 256), fields.get("recurrent", True)
        layers = hidden if isinstance(hidden, list | tuple) else [hidden]
        each = recurrent if isinstance(recurrent, list | tuple) else [recurrent] * len(layers)
        return {**fields, "hidden": layers, "recurrent": each}

    @model_validator(mode="after")
    def _match_layers(self) -> NetworkConfig:
        if len(self.recurrent) != len(self.hidden):
            raise InputError(
                f"network.recurrent has {len(self.recurrent)} values; network.hidden has {len(self.hidden)}"
            )
        return self


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


Smoothing = Annotated[float, Field(ge=0, lt=1)]


class CrossEntropyConfig(_Section):
    """Cross-entropy of the windowed readout."""

    kind: Literal["cross-entropy"] = "cross-entropy"
    scale: Positive = 1.0
    """Gain of the logits."""
    temperature: Positive = 1.0
    """Divides the logits."""
    smoothing: Smoothing = 0.0
    """Label smoothing: the share of the wanted probability that is spread over all classes."""
    window: WindowConfig = WindowConfig()


class MaxOverTimeConfig(_Section):
    """Cross-entropy of the outputs' greatest voltages."""

    kind: Literal["max-over-time"] = "max-over-time"
    scale: Positive = 1.0
    """Gain of the logits."""
    temperature: Positive = 1.0
    """Divides the logits."""
    smoothing: Smoothing = 0.0
    """Label smoothing: the share of the wanted probability that is spread over all classes."""


class FirstSpikeConfig(_Section):
    """Cross-entropy of the outputs' first spike times; the outputs are spiking neurons then, of threshold 1."""

    kind: Literal["first-spike"] = "first-spike"
    temperature: Positive = 1.0
    """In ms; divides the spike times."""
    smoothing: Smoothing = 0.0
    """Label smoothing: the share of the wanted probability that is spread over all classes."""
    early: NotNegative = 0.0
    """Weight of the term that pulls the right output's spike to the trial's begin."""
    tau: Positive = 100.0
    """Time constant of that term in ms."""


class MeanSquareConfig(_Section):
    """Mean square distance of the windowed output voltages from their targets."""

    kind: Literal["mean-square"] = "mean-square"
    target: Positive = 1.0
    """Voltage that the right output should have; the others' is 0."""
    window: WindowConfig = WindowConfig()


def _loss_kind(given: Any) -> Any:
    """Return the kind of a loss, which need not be said."""
    return given.get("kind", "cross-entropy") if isinstance(given, dict) else _kind(given)


LossConfig = Annotated[
    Annotated[CrossEntropyConfig, Tag("cross-entropy")]
    | Annotated[MaxOverTimeConfig, Tag("max-over-time")]
    | Annotated[FirstSpikeConfig, Tag("first-spike")]
    | Annotated[MeanSquareConfig, Tag("mean-square")],
    Discriminator(_loss_kind),
]


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
    """Added to the weights from below of neurons silent for a whole epoch; split among a delay line's copies."""


class TrainingConfig(_Section):
    """How long, how fast."""

    method: Literal["eventprop", "e-prop"] = "eventprop"
    """e-prop needs the GeNN engine, and has neurons of its own; see `models.baselines.eprop`."""
    epochs: Annotated[int, Field(ge=1)] = 100
    batch: Annotated[int, Field(ge=1)] = 32
    learning_rate: Positive = 1e-3
    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    """cosine falls to 0 over the epochs; plateau falls whenever validation gets no better for a while."""
    plateau_patience: Annotated[int, Field(ge=1)] = 5
    """plateau: epochs without a better validation after which the rate falls."""
    plateau_factor: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """plateau: what the rate is multiplied by then."""
    ease_in: NotNegative = 0.0
    """Epochs, whole or not, over whose batches the rate rises from a thousandth of itself; 0 begins with all of it."""
    patience: Annotated[int, Field(ge=0)] = 0
    """Stop after so many epochs without a better validation; 0 never does."""
    clip: NotNegative = 0.0
    """Largest norm of the gradient of all parameters together; 0 leaves all as they are."""
    least_slope: NotNegative = 0.1
    """What the voltage's slope at a spike counts as, in thresholds, where it is smaller; 0 leaves all as they are."""
    weight_decay: NotNegative = 0.0
    """Decoupled, of connection weights only: the learning rate times this is the fraction that a step takes off."""
    delay_rate: NotNegative = 20.0
    """Factor on the learning rate for delays, in ms."""
    tau_rate: NotNegative = 20.0
    """Factor on the learning rate for time constants, in ms."""
    regulariser: RegulariserConfig = RegulariserConfig()


class GennConfig(_Section):
    """Of the GeNN engine."""

    backend: BackendName = "auto"
    """What GeNN generates code for; auto is a GPU where one answers."""


class Config(_Section):
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
    place: Any = fields
    for section in sections:
        place = place.setdefault(section, {})
        if not isinstance(place, dict):
            raise InputError(f"--set {override}: {section} is a field, not a section")
    if name in _CHOICES:
        # The other fields belong to the choice before.
        chosen = _KINDS.get(str(value))
        kept = [key for key in _CHOICES[name] if chosen is None or key in chosen.model_fields]
        for other in set(place).difference(kept):
            del place[other]
    place[field] = value


_INITIALISERS: dict[str, type[_Section]] = {
    "normal": NormalConfig,
    "uniform": UniformConfig,
    "constant": ConstantConfig,
    "kaiming": KaimingConfig,
    "lognormal": LogNormalConfig,
}
_LOSSES: dict[str, type[_Section]] = {
    "cross-entropy": CrossEntropyConfig,
    "max-over-time": MaxOverTimeConfig,
    "first-spike": FirstSpikeConfig,
    "mean-square": MeanSquareConfig,
}
_KINDS = _INITIALISERS | _LOSSES

_CHOICES: dict[str, tuple[str, ...]] = {
    "loss.kind": ("scale", "smoothing", "window"),
    "loss.window.shape": ("normalise",),
    **{f"network.initial.{name}.kind": () for name in InitialConfig.model_fields if name != "spread"},
}
"""Fields that say which others there are, and those that another choice leaves as they were."""


def _first_problem(error: ValidationError) -> str:
    """Say in one sentence what the first problem is, with the nearest right name for a wrong one."""
    problem = error.errors()[0]
    kind, given = problem["type"], problem["input"]
    if kind == "value_error":
        return str(problem["ctx"]["error"])
    where = _dotted(problem["loc"])
    if kind == "extra_forbidden":
        return _superfluous(problem["loc"])
    if kind == "missing":
        return f"{where} is missing"
    if kind.startswith("union_tag"):
        if not isinstance(given, dict):
            return f"{where} is {given!r}; it must be a table with a kind"
        if "kind" not in given:
            return f"{where}.kind is missing"
        return f"{where}.kind is {given['kind']!r}; it must be one of {problem['ctx']['expected_tags']}"
    return f"{where} is {given!r}; {problem['msg'][0].lower()}{problem['msg'][1:]}"


def _dotted(loc: Iterable[int | str]) -> str:
    """Return a field's name as users write it: pydantic adds the kinds of sections and the indices of lists."""
    return ".".join(str(part) for part in loc if part not in _KINDS and not isinstance(part, int))


def _superfluous(loc: tuple[int | str, ...]) -> str:
    """Say that a section has no such field, and which it has or which kind of section has it."""
    *sections, name = map(str, loc)
    where = ".".join(filter(None, [_dotted(sections), name]))
    for family, what in ((_LOSSES, "a loss"), (_INITIALISERS, "an initialiser")):
        if sections and sections[-1] in family and any(name in other.model_fields for other in family.values()):
            return f"{where} is set, but {what} of kind {sections[-1]} has no {name}"
    near = difflib.get_close_matches(name, _fields_of(Config, sections), n=1, cutoff=0.0)[0]
    return f"unknown field {where}; the nearest right name is {'.'.join(filter(None, [_dotted(sections), near]))}"


def _fields_of(model: type[BaseModel], sections: Iterable[str]) -> Mapping[str, Any]:
    for section in sections:
        # The kind follows the section's name.
        annotation = _KINDS[section] if section in _KINDS else model.model_fields[section].annotation
        if isinstance(annotation, type):
            model = annotation
    return model.model_fields
