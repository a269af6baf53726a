"""A search space: its parameters, its objective, its budget and how points are chosen."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.errors import InputError
from pipeline.config import Config, load_config
from pipeline.config.problems import first_problem
from pipeline.config.toml import read_toml
from pipeline.events import CHANNELS
from pipeline.training.problem import make_network
from sweeps.migration import migrate_space
from sweeps.parameters import Categorical, Parameter, Values

SPACE_FOLDER = Path(__file__).parent / "spaces"
"""The spaces that ship with the project; they can be named without folder and ending."""

CLASSES = 10
"""Number of classes of the networks that are built to see whether a point's config is possible."""

StrategyName = Literal["bayes", "random", "sobol", "grid"]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Objective(_Section):
    """The mean error that a sweep minimises; never on the test part."""

    kind: Literal["validation", "loso"] = "validation"
    """validation: on the config's validation split; loso: on speakers of the training part, held out one at a time."""
    seeds: Annotated[tuple[int, ...], Field(min_length=1)] = (1,)
    folds: Annotated[int, Field(ge=0)] = 0
    """loso: number of held-out speakers, the first in order; 0 takes all."""


class Budget(_Section):
    """When a sweep ends; 0 sets no limit."""

    points: Annotated[int, Field(ge=0)] = 40
    hours: Annotated[float, Field(ge=0)] = 0.0
    """Since the sweep began; points that are being trained then are finished."""

    @model_validator(mode="after")
    def _ends(self) -> Budget:
        if self.points == 0 and self.hours == 0:
            raise InputError("budget.points and budget.hours are both 0; a sweep needs an end")
        return self


class Search(_Section):
    """How points are chosen."""

    strategy: StrategyName = "bayes"
    seed: Annotated[int, Field(ge=0)] = 1
    initial: Annotated[int, Field(ge=1)] = 8
    """bayes: points of a Sobol sequence before the first that the Gaussian process chooses."""
    noise: Annotated[float, Field(gt=0)] = 0.03
    """bayes: standard deviation of a point's error by chance; the default is that of 200 recordings and one seed."""
    stop_early: bool = True
    """Prune points whose error is above the median of the others at the same epoch."""
    grace: Annotated[float, Field(ge=0, le=1)] = 0.4
    """Fraction of the epochs before which no point is pruned."""
    lease: Annotated[float, Field(gt=0)] = 60.0
    """Seconds without a heartbeat after which the worker of a point counts as dead."""


class Space(_Section):
    """A sweep's description; see `sweeps/spaces` for examples."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    config: str
    """A TOML file, or the name of a shipped config."""
    overrides: tuple[str, ...] = ()
    """Overrides that all points share, ``a.b=c`` each."""
    objective: Objective = Objective()
    budget: Budget = Budget()
    search: Search = Search()
    parameters: Annotated[dict[str, Parameter], Field(min_length=1)]

    @model_validator(mode="after")
    def _conditions_can_hold(self) -> Space:
        for name, parameter in self.parameters.items():
            for other, wanted in parameter.when.items():
                if other not in self.parameters:
                    raise InputError(f"{name} counts only with some {other}, which is no parameter")
                possible = self.parameters[other].grid()
                for value in wanted:
                    if value not in possible:
                        raise InputError(f"{name} counts with {other} = {value!r}, which is none of its values")
        return self

    def complete(self, values: Values) -> Values:
        """Return the values without parameters that do not count, unconditional parameters first."""
        kept = {name: values[name] for name, p in self.parameters.items() if not p.when}
        for name, parameter in self.parameters.items():
            if parameter.when and parameter.counts(kept) and name in values:
                kept[name] = values[name]
        return kept

    def at(self, cube: Any) -> Values:
        """Return the point at a position in the unit cube, one coordinate per parameter."""
        return self.complete({name: p.at(float(u)) for (name, p), u in zip(self.parameters.items(), cube, strict=True)})

    def settings(self, values: Values, seed: int) -> Config:
        """Return the config of a point.

        Raises
        ------
        InputError
            If a value is not possible.
        """
        chosen = [f"{name}={_toml(value)}" for name, value in values.items()]
        return load_config(self.config, [*self.overrides, *chosen, f"seed={seed}"])

    def check(self) -> None:
        """Refuse parameters that are no fields of the config, and values that it can't have.

        Each parameter's values are tried by themselves; choices then together with the middle of the others' ranges:
        whether the network and the window can be built.

        Raises
        ------
        InputError
            Naming the space's parameter.
        """
        middle = {name: parameter.at(0.5) for name, parameter in self.parameters.items()}
        for name, parameter in self.parameters.items():
            conditions = {other: wanted[0] for other, wanted in parameter.when.items()}
            every = parameter.grid() if isinstance(parameter, Categorical) else (parameter.at(0.0), parameter.at(1.0))
            for value in every:
                try:
                    self.settings(conditions | {name: value}, 1)
                except InputError as error:
                    raise InputError(f"{self.name}: {name} = {value!r}: {error}") from None
        for name, parameter in self.parameters.items():
            conditions = {other: wanted[0] for other, wanted in parameter.when.items()}
            for value in parameter.grid() if isinstance(parameter, Categorical) else ():
                self._build(self.complete(middle | conditions | {name: value}))
        self._build(self.complete(middle))
        if self.objective.kind == "validation" and self.settings(self.complete(middle), 1).data.validation == "none":
            raise InputError(f'{self.name}: the objective is the error on validation, but data.validation is "none"')

    def _build(self, values: Values) -> None:
        """Refuse a point whose network or window can't be; of channels and words any number will do."""
        try:
            config = self.settings(values, 1)
            make_network(config, CHANNELS, CLASSES)
            if config.window is not None:
                config.window.table(config.steps)
        except InputError as error:
            point = ", ".join(f"{name} = {value!r}" for name, value in values.items())
            raise InputError(f"{self.name}: {point}: {error}") from None

    def all_points(self) -> Iterator[Values]:
        """Yield the points of a grid search, each once."""
        names, found = list(self.parameters), set()
        for combination in itertools.product(*(self.parameters[name].grid() for name in names)):
            point = self.complete(dict(zip(names, combination, strict=True)))
            if (values := tuple(point.items())) not in found:
                found.add(values)
                yield point

    def toml(self) -> str:
        """Return the space as TOML."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))


def load_space(source: str | Path) -> Space:
    """Read a space from a TOML file, or by the name of one that ships with the project.

    Raises
    ------
    InputError
        If there is none, or it is not as it must be.
    """
    path = Path(source)
    if not path.is_file():
        shipped = sorted(p.stem for p in SPACE_FOLDER.glob("*.toml"))
        if str(source) not in shipped:
            raise InputError(f"there is no space {source}; give a TOML file or one of {', '.join(shipped)}")
        path = SPACE_FOLDER / f"{source}.toml"
    return parse_space(read_toml(path), str(path))


def parse_space(fields: dict[str, Any], where: str) -> Space:
    """Return the space that a table describes.

    Raises
    ------
    InputError
        Naming ``where`` and the first field that is wrong.
    """
    try:
        return Space.model_validate(migrate_space(fields))
    except ValidationError as error:
        raise InputError(f"{where}: {first_problem(error, Space)}") from None


def _toml(value: Any) -> str:
    """Return a value as TOML has it."""
    return tomli_w.dumps({"v": value}).strip().removeprefix("v = ")
