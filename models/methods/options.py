"""Settings that a training method has of its own: a family whose members configs know as ``training.options``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from models.choice import Choice


@dataclass(frozen=True)
class MethodOptions(Choice):
    """Settings of a training method; a method's entry names its member.

    Attributes
    ----------
    kind : str
        Name of the training method. A config says it once, as ``training.method``.
    """

    tag: ClassVar[str] = "kind"

    kind: str = field(default="", kw_only=True, repr=False)
