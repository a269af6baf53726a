"""Figures by name: a module registers what it draws by the decorator `figure`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, ParamSpec

from matplotlib.figure import Figure

from pipeline.pictures.style import styled

Drawn = ParamSpec("Drawn")


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes
    ----------
    draw : callable
        Returns the figure, given the paths of ``needs``.
    says : str
        The caption, which is also the alternative text.
    needs : sequence of str
        Published results, relative to their folder, that ``draw`` is given.
    beside : sequence of str
        Further published results, which ``draw`` finds next to those.
    """

    draw: Callable[..., Figure]
    says: str
    needs: Sequence[str] = ()
    beside: Sequence[str] = ()


_REGISTERED: dict[str, Drawing] = {}


def figure(
    name: str, says: str, needs: Sequence[str] = (), beside: Sequence[str] = (), **arguments: Any
) -> Callable[[Callable[Drawn, Figure]], Callable[Drawn, Figure]]:
    """Register a function as what draws a figure, in the project's style.

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

    def register(draw: Callable[Drawn, Figure]) -> Callable[Drawn, Figure]:
        if name in _REGISTERED:
            raise ValueError(f"two figures are named {name}")
        draw = styled(draw)
        _REGISTERED[name] = Drawing(partial(draw, **arguments), says, needs, beside)
        return draw

    return register


def registered(modules: Sequence[str]) -> dict[str, Drawing]:
    """Import modules of this package; return their figures: the thesis's by number, then the others as registered."""
    for module in modules:
        import_module(f"results.figures.{module}")
    return dict(sorted(_REGISTERED.items(), key=lambda item: item[0].split("-")[0] if item[0][0].isdigit() else "~"))
