"""Input events as GeNN's spike sources take them: sorted by channel."""

from __future__ import annotations

import numpy as np
from ml_genn.utils.data import PreprocessedSpikes

from models.batch import SpikeBatch
from models.engines.coefficients import whole_steps
from models.kernels import kernel
from models.network import Input


def by_channel(batch: SpikeBatch, source: Input, dt: float, steps: int) -> list[PreprocessedSpikes]:
    """Return each example's events sorted by input neuron, and those of the delay line that come within the trial."""
    spacing = whole_steps(source.delay_line.spacing, dt) if source.delay_line.copies > 1 else 0
    found = []
    for begin, end in zip(batch.offsets[:-1], batch.offsets[1:], strict=True):
        ends, times = _sort(
            batch.steps[begin:end], batch.units[begin:end], source.channels, source.delay_line.copies, spacing, steps
        )
        found.append(PreprocessedSpikes(ends, times))
    return found


def no_events(source: Input) -> PreprocessedSpikes:
    """Return an example without events."""
    return PreprocessedSpikes(np.zeros(source.size, np.int64), np.empty(0, np.float32))


def most_of_a_channel(examples: list[PreprocessedSpikes]) -> int:
    """Return the greatest number of events of one input neuron in one example."""
    return max((int(np.diff(e.end_spikes, prepend=0).max(initial=0)) for e in examples), default=0)


@kernel(nogil=True)
def _sort(event_steps, units, channels, copies, spacing, steps):  # type: ignore[no-untyped-def]
    """Return where each neuron's events end, and all times in steps, by a counting sort that keeps times in order."""
    ends = np.zeros(channels * copies, np.int64)
    for i in range(len(event_steps)):
        for copy in range(copies):
            if event_steps[i] + copy * spacing >= steps:
                break
            ends[copy * channels + units[i]] += 1
    total = 0
    starts = np.empty_like(ends)
    for j in range(len(ends)):
        starts[j] = total
        total += ends[j]
        ends[j] = total
    times = np.empty(total, np.float32)
    for i in range(len(event_steps)):
        for copy in range(copies):
            step = event_steps[i] + copy * spacing
            if step >= steps:
                break
            row = copy * channels + units[i]
            times[starts[row]] = step
            starts[row] += 1
    return ends, times
