"""The report's part on training methods: the thesis's claims, and each comparison's table and sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from results.experiments.methods.claims import table
from results.experiments.methods.findings import Findings, read_all
from results.experiments.methods.remarks import remarks
from results.experiments.methods.sentences import sentences
from results.report.page import Table


def compared_methods(published: Path) -> dict[str, Any]:
    """Return the claims and the comparisons of a folder of published results, by their names in the template."""
    found = read_all(published / "methods")
    if not found:
        return {}
    said = "What the thesis says of training methods, and what was found here."
    return {
        "claims": Table.of(table(found, published / "bench"), said),
        "comparisons": [_comparison(one) for one in found],
        "remarks": remarks(found),
    }


def _comparison(one: Findings) -> dict[str, Any]:
    caption = (
        f"{one.name}: intervals are over seeds and {one.units}; p (Holm) is corrected for the number of methods; times "
        "and memory are of training on one core, in turns with Eventprop."
    )
    return {"name": one.name, "sentences": sentences(one), "table": Table.of(one.shown, caption)}
