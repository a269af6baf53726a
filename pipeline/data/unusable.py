"""Recordings that can't be used: gathered, so that one run names them all, and left out where that is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.errors import InputError


@dataclass
class Unusable:
    """The reasons why recordings of a data set can't be used, one sentence each, which names the file.

    ``skip`` says whether they are left out instead of refused.
    """

    skip: bool = False
    reasons: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Refuse what has been gathered, all in one message, unless it is to be left out."""
        if not self.reasons or self.skip:
            return
        hint = "--skip-bad of the command data, or data.skip_bad = true in a config, leaves such recordings out"
        if len(self.reasons) == 1:
            raise InputError(f"{self.reasons[0]} ({hint}.)")
        raise InputError(f"{len(self.reasons)} recordings can't be used; {hint}:{self.listed}")

    @property
    def notes(self) -> tuple[str, ...]:
        """What to say of recordings that are left out."""
        return (f"{len(self.reasons)} recordings can't be used and are left out:{self.listed}",) if self.reasons else ()

    @property
    def listed(self) -> str:
        """The reasons, a line each."""
        return "".join(f"\n  {reason}" for reason in self.reasons)
