"""One finding of an examination of the installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "absent", "fails"]
"""Works; is not installed, and need not be; or is installed and does not work."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes
    ----------
    status : {"ok", "absent", "fails"}
    detail : str
        Versions, or the fault.
    remedy : str
        What to do where it does not work.
    """

    what: str
    status: Status
    detail: str
    remedy: str = ""
