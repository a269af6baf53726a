"""The report's first screen: the question, the answer in three sentences, and what it means for whoever trains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from results.experiments.comparison.sentences import outcome, points
from results.experiments.study.findings import Findings
from results.experiments.study.plan import REFERENCE
from results.experiments.study.sentences import capitalised, listed, measured, named, percent, verdict
from results.statistics.power import POWER

QUESTION = "Which readout window should a spiking network for speech use?"

ABOUT = (
    "A network's answer is its output voltages, weighted over the recording by a readout window and summed. Published "
    f"Eventprop networks use the {REFERENCE} window; here, others are compared with it."
)

NO_STUDY = "No study has been published yet; make study runs it."


def answer(studies: Sequence[Findings]) -> list[str]:
    """Return three sentences: the verdict of the first study, what it measured, and what the others measured.

    Where there is no other study, the last sentence says what does not follow.
    """
    if not studies:
        return [NO_STUDY]
    first, *others = studies
    row = first.gaussian
    main = f"{first.where} {measured(row, named(row['window']))}"
    if np.isfinite(row["detectable"]):
        main += f"; the minimum detectable difference at {percent(POWER)} power is {points(row['detectable'])}"
    if first.at_ceiling:
        main += f"; {first.plan.name} is nearly solved, so that differences are small"
    rest = [
        f"{study.where} {measured(study.gaussian, with_power=True)}"
        + (", on data that are nearly solved" if study.at_ceiling else "")
        for study in others
    ]
    begin = f"nothing follows for words that begin later than these, {first.onset:.0f} ms into the trial (median)"
    last = "; ".join(rest) or begin
    return [verdict(row), f"{capitalised(main)}.", f"{capitalised(last)}."]


def advice(studies: Sequence[Findings]) -> list[str]:
    """Return what the studies mean for somebody who trains such a network, in sentences."""
    if not studies:
        return []
    said: list[str] = []
    undecided = []
    for window in studies[0].table["window"]:
        rows = [(study, study.table.set_index("window", drop=False).loc[window]) for study in studies]
        found = {kind: [pair for pair in rows if outcome(pair[1]) == kind] for kind in ("better", "worse", "open")}
        if window == REFERENCE:
            continue
        if found["better"] and found["worse"]:
            said.append(
                f"Whether to use {named(window)} depends on the data: {_where(found['better'], found['worse'])}."
            )
        elif found["better"]:
            said.append(f"Use {named(window)}: {_where(found['better'])}.")
        elif found["worse"]:
            said.append(f"Avoid {named(window)}: {_where(found['worse'])}.")
        elif found["open"]:
            undecided.append(named(window))
    if undecided:
        said.insert(
            0,
            f"Keep {named(REFERENCE)}, or let validation accuracy choose: for {listed(undecided)} no difference from "
            "it is shown.",
        )
    first = studies[0]
    heard = next((s for s in studies if s.plan.config == first.plan.config and not s.plan.loso), None)
    if first.plan.loso and heard is not None:
        said.append(
            f"Score networks on held-out speakers: {named(REFERENCE)} reaches {percent(first.reference_accuracy, 1)} "
            f"accuracy {first.where} and {percent(heard.reference_accuracy, 1)} {heard.where}."
        )
    return said or ["Nothing follows yet: too few runs were compared."]


def _where(*groups: Sequence[tuple[Findings, object]]) -> str:
    """Return what was measured in the first study of each group."""
    return "; ".join(f"{study.where} {measured(row)}" for study, row in (group[0] for group in groups))
