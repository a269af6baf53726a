"""Changes to the code that mlGeNN generates; each must find the text that it replaces."""

from __future__ import annotations

from typing import Any


class GennChanged(RuntimeError):
    """The installed mlGeNN generates other code than the version that this engine extends."""


def replace_once(model: Any, part: str, old: str, new: str) -> None:
    """Replace a text that must be exactly once in a part of an mlGeNN model's code, "sim_code" for example.

    Raises
    ------
    GennChanged
        If the part does not contain the text exactly once: an edit that is missed would train with wrong gradients.
    """
    code = model.model.get(part, "")
    found = code.count(old)
    if found != 1:
        raise GennChanged(
            f"the installed mlGeNN is not the version that is extended here (2.3.1 is known to work): its {part} has "
            f"{old.strip()!r} {found} times, not once"
        )
    model.model[part] = code.replace(old, new)


def copy_values(model: Any) -> None:
    """Give a model dictionaries of its own, so that changed values do not reach the population it was made from."""
    for kind in ("param_vals", "var_vals", "egp_vals"):
        setattr(model, kind, dict(getattr(model, kind)))
