"""Summary of a data set: examples by split, class and speaker, and what was dropped while reading."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from pipeline.console import Table
from pipeline.data.container import Drops, SpikeData
from pipeline.data.datasets import Dataset
from pipeline.data.trial import SHARE, WARN, beyond, proposed


@dataclass(frozen=True)
class SplitSummary:
    """Summary of one split."""

    examples: int
    by_class: dict[str, int]
    by_speaker: dict[str, int]
    """Number of examples of each class, and of each speaker of the data set, 0 included."""
    events_min: float
    events_median: float
    events_mean: float
    events_max: float
    """Number of events per example; 0 if there are no examples."""
    empty: int
    """Number of examples without events."""
    last_event_ms: float
    drops: Drops
    trial: float
    """Length of a trial in ms."""
    beyond: float
    """Fraction of the events that lie beyond the end of such a trial."""
    proposed_trial: float
    """Length in ms of a trial that would hold `trial.SHARE` of the events."""


def summarise_split(data: SpikeData, trial: float = 1000.0) -> SplitSummary:
    """Return the summary of a split, which is to be presented in trials of ``trial`` ms."""
    counts = data.counts if len(data) else np.zeros(1, dtype=np.int64)
    classes = np.bincount(data.labels, minlength=len(data.classes)).tolist()
    speakers = np.bincount(data.speakers, minlength=len(data.speaker_names)).tolist()
    return SplitSummary(
        examples=len(data),
        by_class=dict(zip(data.classes, classes, strict=True)),
        by_speaker=dict(zip(data.speaker_names, speakers, strict=True)),
        events_min=float(counts.min()),
        events_median=float(np.median(counts)),
        events_mean=float(counts.mean()),
        events_max=float(counts.max()),
        empty=int(np.count_nonzero(data.counts == 0)),
        last_event_ms=float(data.times.max(initial=0.0)),
        drops=data.drops,
        trial=trial,
        beyond=beyond(data, trial, dt=1.0) / max(len(data.times), 1),
        proposed_trial=proposed(data),
    )


def summarise(dataset: Dataset, trial: float = 1000.0) -> dict[str, SplitSummary]:
    """Return the summaries of a data set's splits by name; see `summarise_split`."""
    return {name: summarise_split(split, trial) for name, split in dataset.splits.items()}


def render(name: str, summary: dict[str, SplitSummary], most_speakers: int = 40) -> RenderableType:
    """Return the tables of a data set's summary for a rich console.

    With more than ``most_speakers`` speakers, as in SSC, only their number is shown.
    """
    speakers = next(iter(summary.values())).by_speaker
    parts: list[RenderableType] = [_splits_table(name, summary)]
    parts.append(_counts_table("class", {split: s.by_class for split, s in summary.items()}))
    if len(speakers) <= most_speakers:
        parts.append(_counts_table("speaker", {split: s.by_speaker for split, s in summary.items()}))
    else:
        present = (f"{split} {sum(n > 0 for n in s.by_speaker.values())}" for split, s in summary.items())
        parts.append(Text(f"{len(speakers)} speakers ({', '.join(present)})"))
    parts += [Text(f"{split}: {_dropped(s.drops)}") for split, s in summary.items()]
    parts += [
        Text(f"{split}: {s.empty:,} of {s.examples:,} examples have no events", "bold yellow")
        for split, s in summary.items()
        if s.empty
    ]
    parts.append(_trial(summary))
    return Group(*parts)


def _splits_table(name: str, summary: dict[str, SplitSummary]) -> Table:
    table = Table(title=name)
    table.add_column("split")
    for column in ("examples", "speakers", "min", "median", "mean", "max", "last event"):
        table.add_column(column, justify="right")
    for split, s in summary.items():
        present = sum(n > 0 for n in s.by_speaker.values())
        events = (f"{x:,.0f}" for x in (s.events_min, s.events_median, s.events_mean, s.events_max))
        table.add_row(split, f"{s.examples:,}", str(present), *events, f"{s.last_event_ms:,.0f} ms")
    table.caption = "min, median, mean, max: events per example"
    return table


def _counts_table(what: str, by_split: dict[str, dict[str, int]]) -> Table:
    table = Table(title=f"examples by {what}")
    table.add_column(what)
    for split in by_split:
        table.add_column(split, justify="right")
    for key in next(iter(by_split.values())):
        table.add_row(key, *(f"{counts[key]:,}" for counts in by_split.values()))
    return table


def _trial(summary: dict[str, SplitSummary]) -> Text:
    """Return how much of the data a trial holds, and how long one must be."""
    trial = next(iter(summary.values())).trial
    lost = ", ".join(f"{s.beyond:.1%} of {split}" for split, s in summary.items())
    wanted = max(s.proposed_trial for s in summary.values())
    style = "bold yellow" if any(s.beyond >= WARN for s in summary.values()) else ""
    return Text(
        f"events beyond the end of a trial of {trial:g} ms (--trial): {lost}; a trial of {wanted:g} ms (data.trial in "
        f"a config) holds {SHARE:.0%} of every part's events",
        style,
    )


def _dropped(drops: Drops) -> str:
    """Return a sentence about what was dropped."""
    words = {
        "not_finite": "with a time that is not finite",
        "negative": "before time 0",
        "unit_out_of_range": "with a channel out of range",
    }
    counts = asdict(drops)
    reasons = [f"{counts[reason]:,} {phrase}" for reason, phrase in words.items() if counts[reason]]
    events = f"{drops.events:,} events dropped ({', '.join(reasons)})" if reasons else "no events dropped"
    return f"{events}, {drops.examples_sorted:,} examples sorted by time"
