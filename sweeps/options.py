"""Options that several commands share: a function makes one thing of them, and commands take that thing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def takes(**makers: Callable[..., Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator of commands: in place of the parameters named here come those of their makers.

    With ``@takes(runner=make_runner)``, a command with the parameter ``runner`` has the options of ``make_runner``.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        options = {name: inspect.signature(make, eval_str=True).parameters for name, make in makers.items()}
        own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name not in makers]

        def run(**given: Any) -> None:
            made = {name: makers[name](**{o: given.pop(o) for o in named}) for name, named in options.items()}
            command(**given, **made)

        shared = [parameter for named in options.values() for parameter in named.values()]
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in [*own, *shared]]
        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return decorate
