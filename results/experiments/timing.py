"""How long stages took when they were really done."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pipeline.data.atomic import write_atomically


@dataclass(frozen=True)
class Timing:
    """Seconds by stage, kept in a JSON file: a later call that reuses a stage's result still knows its cost.

    Without the file, or with a damaged one, nothing is known.
    """

    path: Path

    def keep(self, stage: str, seconds: float) -> None:
        """Remember what a stage took."""
        kept = self._read() | {stage: round(seconds, 3)}
        write_atomically(self.path, [(json.dumps(kept, indent=2) + "\n").encode()])

    def kept(self, stage: str) -> float | None:
        """Return what a stage took, or None."""
        return self._read().get(stage)

    def _read(self) -> dict[str, float]:
        try:
            return {str(stage): float(seconds) for stage, seconds in json.loads(self.path.read_bytes()).items()}
        except (FileNotFoundError, ValueError, AttributeError, TypeError, RecursionError):
            return {}
