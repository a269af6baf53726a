"""What the comparison of methods trains: who takes part, on which data, and how settings are searched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scipy.stats import qmc

from models.errors import InputError, nearest
from results.experiments.comparison.variants import Variant
from sweeps.parameters import Value
from sweeps.space import Space, load_space

REFERENCE = "Eventprop"
"""Whom all others are compared with."""

SOBOL_SEED = 1


@dataclass(frozen=True)
class Contender:
    """A training method, or a control, with one kind of network and input.

    Attributes
    ----------
    name : str
        What tables call it.
    space : str
        Its space in ``sweeps/spaces``: what all its settings share, the number of epochs among it, and what is
        searched.
    overrides : tuple of str
        What tells it from others of the same space.
    """

    name: str
    space: str
    overrides: tuple[str, ...] = ()

    def settings(self, points: int) -> list[tuple[str, ...]]:
        """Return the settings that validation chooses from, as overrides: the space's own, then a Sobol sequence."""
        space = load_space(self.space)
        sequence = qmc.Sobol(len(space.parameters), seed=SOBOL_SEED)
        searched = [sequence.random(1)[0] for _ in range(points - 1)]
        shared = (*space.overrides, *self.overrides)
        return [shared, *((*shared, *_overrides(space, cube)) for cube in searched)]


def _overrides(space: Space, cube: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{name}={_text(value)}" for name, value in space.at(cube).items())


def _text(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Plan:
    """A comparison of contenders on one data set.

    Attributes
    ----------
    name : str
        Names the comparison's files.
    config : str
        Whose data section, and whatever else a contender leaves open, counts.
    contenders : tuple of Contender
    shared : tuple of str
        Overrides of all runs, which count above the contenders' own.
    loso : bool
        Whether the speakers of the training part are held out one at a time, instead of scoring on the test part.
        Settings are then chosen without the held-out speaker, on validation recordings of the others, unless they are
        ``searched`` elsewhere.
    seeds : int
        Of the comparison: 1, 2 and so on.
    points : int
        Settings a contender.
    searched : str
        The config on whose validation part settings are chosen once, where they are not chosen on this plan's own
        data or folds. Its runs have neither ``shared`` nor ``below``.
    below : tuple of str
        Overrides of the config that contenders' own count above.
    """

    name: str
    config: str
    contenders: tuple[Contender, ...]
    shared: tuple[str, ...] = ()
    loso: bool = False
    seeds: int = 5
    points: int = 8
    searched: str = ""
    below: tuple[str, ...] = ()

    def candidates(self) -> dict[str, list[Variant]]:
        """Return the settings of every contender, as they are tried."""
        found = {
            contender.name: [
                Variant(f"{contender.name} {i}", self.searched or self.config, setting)
                for i, setting in enumerate(contender.settings(self.points))
            ]
            for contender in self.contenders
        }
        return found if self.searched else {name: list(map(self.compared, options)) for name, options in found.items()}

    def compared(self, chosen: Variant) -> Variant:
        """Return a setting as it is compared: on this plan's own data."""
        return replace(chosen, config=self.config, overrides=(*self.below, *chosen.overrides, *self.shared))


CONTENDERS = (
    Contender(REFERENCE, "eventprop"),
    Contender("surrogate gradient", "surrogate"),
    Contender("ParaLIF", "parallel-lif"),
    Contender("SPSN", "spsn"),
    Contender("e-prop", "e-prop"),
    Contender("perceptron", "perceptron"),
    Contender("CNN", "cnn"),
    Contender("GRU", "gru"),
    Contender("converted perceptron", "conversion"),
    Contender("converted perceptron, random input", "conversion", ("training.options.input=poisson",)),
    Contender("perceptron on log-mel", "perceptron", ("data.ear=log-mel",)),
    Contender("CNN on log-mel", "cnn", ("data.ear=log-mel",)),
    Contender("GRU on log-mel", "gru", ("data.ear=log-mel",)),
    Contender("STDP, classical", "stdp-mfcc"),
    Contender("STDP, nanocomposite", "stdp-mfcc", ("training.options.rule=nanocomposite",)),
    Contender("STDP, poly-p-xylylene", "stdp-mfcc", ("training.options.rule=poly-p-xylylene",)),
    Contender("fixed random weights", "stdp-mfcc", ("training.options.rule=fixed",)),
    Contender("STDP on cochlea spikes", "stdp"),
    Contender("fixed random weights on cochlea spikes", "stdp", ("training.options.rule=fixed",)),
    Contender("R-STDP", "r-stdp"),
    Contender("logistic regression", "logistic"),
    Contender("support vector machine", "svm"),
    Contender("logistic regression on MFCC", "logistic-mfcc"),
    Contender("support vector machine on MFCC", "svm-mfcc"),
)

FSDD = "fsdd-exponential"

FULL = (
    Plan("fsdd-index", FSDD, CONTENDERS),
    Plan("fsdd-loso", FSDD, CONTENDERS, loso=True, searched=FSDD),
    Plan("asc", "asc", CONTENDERS, searched=FSDD),
    Plan(
        "digits",
        "digits",
        CONTENDERS,
        ("data.utterances=10",),
        searched=FSDD,
        below=("loss.window.shape=exponential",),
    ),
)
"""The published comparisons.

All settings are chosen on fsdd's validation part, whose recordings are of all speakers: with speakers held out, a
method's settings, but nothing that it learned, have heard the held-out speaker.
"""

SMALL = (Plan("small-fsdd-index", FSDD, CONTENDERS, ("network.hidden=32", "training.epochs=2"), seeds=2, points=2),)
"""Ten minutes on two cores."""


def chosen_plans(names: Sequence[str], methods: Sequence[str], small: bool) -> list[Plan]:
    """Return plans by name, all if none is named, with the methods that are named and the reference.

    Raises
    ------
    InputError
        If there is no plan or method of a name.
    """
    known = {plan.name: plan for plan in (SMALL if small else FULL)}
    for name in names:
        if name not in known:
            raise InputError(f"there is no plan {name}; there are {', '.join(known)}")
    takes_part = {contender.name for contender in CONTENDERS}
    for name in methods:
        if name not in takes_part:
            raise InputError(f"there is no method {name!r}; did you mean {nearest(name, takes_part)!r}?")
    wanted = {REFERENCE, *(methods or takes_part)}
    return [
        replace(known[name], contenders=tuple(c for c in known[name].contenders if c.name in wanted))
        for name in names or known
    ]
