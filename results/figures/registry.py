"""Figures by name: a module registers what it draws by the decorator `figure`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from matplotlib.figure import Figure

Draw = TypeVar("Draw", bound=Callable[..., Figure])


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes
    ----------
    draw : callable
        Returns the figure, given the paths of ``needs``.
    says : str
        The caption, which is also the alternative text.
    needs : tuple of str
        Published results, relative to their folder, that ``draw`` is given.
    beside : tuple of str
        Further published results, which ``draw`` finds next to those.
    """

    draw: Callable[..., Figure]
    says: str
    needs: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


_REGISTERED: dict[str, Drawing] = {}


def figure(
    name: str, says: str, needs: Sequence[str] = (), beside: Sequence[str] = (), **arguments: Any
) -> Callable[[Draw], Draw]:
    """Register a function as what draws a figure.

    Parameters
    ----------
    name : str
        Of the figure's files. Figures of the thesis begin with their number, as in ``06-leaky``.
    says, needs, beside
        See `Drawing`.
    arguments
        Keyword arguments of the function: one function may draw several figures.

    Raises
    ------
    ValueError
        If another figure has that name.
    """

    def register(draw: Draw) -> Draw:
        if name in _REGISTERED:
            raise ValueError(f"two figures are named {name}")
        _REGISTERED[name] = Drawing(partial(draw, **arguments), says, tuple(needs), tuple(beside))
        return draw

    return register


def registered(modules: Sequence[str]) -> dict[str, Drawing]:
    """Import modules of this package; return the figures that they register.

    Returns
    -------
    dict of str to Drawing
        The thesis's figures by their number, then the others in the order of the modules.
    """
    for module in modules:
        import_module(f"results.figures.{module}")
    return dict(sorted(_REGISTERED.items(), key=lambda item: item[0].split("-")[0] if item[0][0].isdigit() else "~"))
