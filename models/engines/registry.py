"""All engines and training methods by name, and the choice between them.

An engine or a method is one folder with a module ``entry``, and that module's name here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

from models.engines.entry import Entry
from models.errors import InputError
from models.methods.options import MethodOptions
from models.problem import Problem

ENTRIES: tuple[Entry, ...] = tuple(
    import_module(module).ENTRY
    for module in (
        "models.engines.cpu.entry",
        "models.engines.genn.entry",
        "models.engines.cuda.entry",
        "models.methods.eprop.cpu.entry",
        "models.methods.eprop.genn.entry",
        "models.methods.surrogate.entry",
        "models.methods.parallel_lif.entry",
        "models.methods.spsn.entry",
        "models.methods.ann.entry",
        "models.methods.conversion.entry",
        "models.methods.control.entry",
        "models.methods.stdp.entry",
        "models.methods.reward_stdp.entry",
    )
)
"""What each of these modules calls ``ENTRY``."""


@dataclass(frozen=True)
class Choice:
    """Who is to train or run a problem.

    Attributes
    ----------
    device : str
        One of the entry's, or "auto" where it has none to choose from.
    why : str
        Why it is another one than was asked for, or than one would expect; empty where there is nothing to say.
    """

    entry: Entry
    device: str
    why: str = ""


def engines() -> tuple[str, ...]:
    """Return the names of all engines."""
    return tuple(dict.fromkeys(entry.engine for entry in ENTRIES))


def methods() -> tuple[str, ...]:
    """Return the names of all training methods."""
    return tuple(dict.fromkeys(entry.method for entry in ENTRIES))


def options(method: str) -> type[MethodOptions] | None:
    """Return the settings that a training method has of its own, or None if it has none."""
    return next((entry.options for entry in ENTRIES if entry.method == method), None)


def find(engine: str, method: str) -> Entry:
    """Return the entry of an engine and a method, or refuse a method that the engine does not have."""
    for entry in ENTRIES:
        if (entry.engine, entry.method) == (engine, method):
            return entry
    having = " or ".join(f'"{entry.engine}"' for entry in ENTRIES if entry.method == method)
    raise InputError(f'training.method "{method}" runs on engine {having or "none"}; engine is "{engine}"')


def choose(problem: Problem, engine: str = "auto", device: str = "auto") -> Choice:
    """Return who trains a problem.

    With ``engine = "auto"`` it is the fastest that is here and can do what the problem asks for.

    Raises
    ------
    InputError
        If the engine is not here, does not have the method or the device, or can't do what the problem asks for.
    """
    if engine != "auto":
        entry = find(engine, problem.method)
        refuse(entry, problem)
        return Choice(entry, entry.choose_device(device))
    able, reasons = [], []
    for entry in (entry for entry in ENTRIES if entry.method == problem.method):
        reason = entry.available() or entry.refusal(problem)
        if reason is None and device != "auto" and device not in entry.devices:
            reason = f"has no device {device}"
        if reason is None:
            able.append(entry)
        else:
            reasons.append(f"{entry.engine} {reason}" if entry.available() is None else f"{entry.engine}: {reason}")
    if not able:
        absent = [entry for entry in ENTRIES if entry.method == problem.method and entry.available() is not None]
        remedies = [entry.remedy for entry in absent if entry.remedy]
        raise InputError(f'no engine can train this by "{problem.method}": {"; ".join([*reasons, *remedies])}')
    best = max(able, key=lambda entry: entry.speed())
    return Choice(best, best.choose_device(device), "; ".join(reasons))


def choose_for_trained(problem: Problem, engine: str, device: str) -> Choice:
    """Return who runs a network that an engine has trained: that engine, or another one where that is not here.

    The same weights give the same spikes on all engines of one kind of neurons. A network that no engine which is here
    can run is refused.
    """
    own = find(engine, problem.method)
    missing = own.available()
    if missing is None:
        return Choice(own, device if own.answers(device) else own.choose_device("auto"))
    others = [entry for entry in ENTRIES if entry.neurons == own.neurons and entry is not own]
    able = [entry for entry in others if entry.available() is None and entry.refusal(problem) is None]
    if not able:
        raise InputError(f'engine "{own.engine}": {missing}; {own.remedy}'.removesuffix("; "))
    best = max(able, key=lambda entry: entry.speed())
    why = f"trained by engine {own.engine}; {missing}, so engine {best.engine} runs it"
    return Choice(best, best.choose_device("auto"), why)


def choose_instead(problem: Problem, own: str, engine: str) -> Choice:
    """Return who runs, on the engine that is asked for, a network that the engine ``own`` has trained.

    Raises
    ------
    InputError
        As `choose`; or if the engine has other neurons.
    """
    chosen, trained = choose(problem, engine), find(own, problem.method)
    if chosen.entry.neurons != trained.neurons:
        raise InputError(
            f'engine "{chosen.entry.engine}" has other neurons ({chosen.entry.neurons}) than engine "{own}", which '
            f"trained this network ({trained.neurons})"
        )
    return chosen


def refuse(entry: Entry, problem: Problem) -> None:
    """Refuse an entry that is not here or can't do a problem: say what is missing, or what it can't do and who can."""
    missing = entry.available()
    if missing is not None:
        raise InputError(f'engine "{entry.engine}": {missing}; {entry.remedy}'.removesuffix("; "))
    reason = entry.refusal(problem)
    if reason is None:
        return
    others = [other for other in ENTRIES if other is not entry and other.refusal(problem) is None]
    if any(other.method == entry.method for other in ENTRIES if other is not entry):
        able = _named('engine = "{}"', (other.engine for other in others if other.method == entry.method))
        raise InputError(f'engine "{entry.engine}" {reason}{able}')
    able = _named('"{}"', (other.method for other in others))
    raise InputError(f'training.method "{entry.method}" {reason}{able}')


def _named(pattern: str, names: Iterable[str]) -> str:
    """Return the end of a sentence that says who can do what another one can't."""
    able = [pattern.format(name) for name in dict.fromkeys(names)]
    return f"; {' and '.join(able)} {'does' if len(able) == 1 else 'do'}" if able else ""
