"""Changes to the code that mlGeNN generates, each of which must find what it changes."""

from __future__ import annotations

from typing import Any


class GennChanged(RuntimeError):
    """Another mlGeNN generates other code than this engine extends."""


def replace_once(model: Any, part: str, old: str, new: str) -> None:
    """Replace a text that must be in a part of a model's code exactly once.

    Parameters
    ----------
    model : ml_genn.utils.model.Model
        Changed.
    part : str
        Of the model: "sim_code", "reset_code"...
    old, new : str

    Raises
    ------
    GennChanged
        If the text is there never or more than once: a silent miss would train with wrong gradients.
    """
    code = model.model.get(part, "")
    found = code.count(old)
    if found != 1:
        raise GennChanged(
            f"this mlGeNN is another than the one that is extended here (2.3.1 is known to work): its {part} has "
            f"{old.strip()!r} {found} times, not once"
        )
    model.model[part] = code.replace(old, new)
