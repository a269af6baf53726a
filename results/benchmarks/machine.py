"""The CPU engine's rate of additions beside the machine's own rate, and the parts of the engine's time.

A synaptic event is the arrival of a spike at all its targets. It adds one row of weights forward, and one row of
adjoints to a gradient backward: an input spike adds a row as wide as the hidden layer; a hidden spike adds one as wide
as the output and, in a recurrent layer, one as wide as the layer. So a batch needs

    additions = 2 ((input spikes + recurrent hidden spikes) hidden + hidden spikes outputs)

Nothing else is counted: neither the neurons' steps nor other work of a spike, such as the products of its jump.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch
from results.benchmarks.axpy import Axpy
from results.benchmarks.ours import engine, seconds_of
from results.benchmarks.shd_shaped import CASES, Shape
from results.benchmarks.table import Row, on_threads

NAME = "machine"
TITLE = "CPU engine, forward and backward pass without the optimiser"
COLUMNS = {
    "measured": "measured",
    "case": "case",
    "threads": "threads",
    "ms_an_example": "ms per example",
    **on_threads("ms_an_example_on", "ms per example"),
    "times_faster_than_1": "speed-up over 1 thread",
    "hidden_spikes": "hidden spikes per neuron",
    "billions_a_second": "additions, 1e9/s",
    "billions_a_second_bare": "bare loop, 1e9/s",
    "billions_a_second_bare_in_L1": "bare loop in L1, 1e9/s",
    "times_the_bare_rate": "rate over bare loop",
    "times_the_bare_rate_in_L1": "rate over bare loop in L1",
    "share_of_both_passes": "share of both passes",
    "ns_by_step": "ns per step",
    "share_of_steps": "share of steps",
    "ns_by_input_spike": "ns per input spike",
    "share_of_input_spikes": "share of input spikes",
    "ns_by_hidden_spike": "ns per hidden spike",
    "share_of_hidden_spikes": "share of hidden spikes",
}


def additions(shape: Shape, batch: SpikeBatch, hidden_spikes: int) -> int:
    """Return the additions of a batch's synaptic events, forward and backward; see the module's docstring."""
    arriving = len(batch.steps) + (hidden_spikes if shape.recurrent else 0)
    return 2 * (arriving * shape.hidden + hidden_spikes * shape.classes)


def run(
    quick: bool = False, cases: Mapping[str, Shape] | None = None, threads: Sequence[int] = (1, 2), repeats: int = 30
) -> list[Row]:
    """Measure forward and backward passes, without the optimiser, in turns with a bare loop of as many additions.

    Quick: a fifth of the repetitions. The cases are by default A and B of `CASES`.

    Returns
    -------
    list of dict
        For each case and number of threads: additions per second of the engine, of the bare loop and of the bare loop
        on rows in the nearest cache, and their ratios. For each case: the speed-up from the first to the last number
        of threads. For each case and pass, on the first number of threads: its share of the time, and the time of a
        step, an input spike and a hidden spike, with their shares of the pass.
    """
    repeats = max(1, repeats // 5) if quick else repeats
    rows: list[Row] = []
    for case, shape in (cases or {name: CASES[name] for name in "AB"}).items():
        timed = _time(shape, threads, repeats)
        rows += [{"measured": "additions for synaptic events", "case": case, **row} for row, _ in timed.values()]
        if len(threads) > 1:
            first, last = (timed[n][1] for n in (threads[0], threads[-1]))
            rows.append(
                {
                    "measured": f"{threads[-1]} threads",
                    "case": case,
                    f"ms_an_example_on_{threads[0]}": float(np.median(first)) / shape.batch * 1000,
                    f"ms_an_example_on_{threads[-1]}": float(np.median(last)) / shape.batch * 1000,
                    f"times_faster_than_{threads[0]}": float(np.median(first / last)),
                }
            )
        for name, row in _shares(shape, threads[0], max(1, repeats // 3)).items():
            rows.append({"measured": f"where the {name} pass's time goes", "case": case, **row})
    return rows


def _time(shape: Shape, threads: Sequence[int], repeats: int) -> dict[int, tuple[Row, NDArray[np.float64]]]:
    """Measure with each number of threads, in turns; return its row and the engine's seconds in each repetition."""
    (batch,) = shape.batches(1)
    engines = {n: engine(shape, n) for n in threads}
    spikes = int(engines[threads[0]].gradients(batch).hidden_counts.sum())
    wanted = additions(shape, batch, spikes)
    size = (shape.channels, shape.hidden, wanted // shape.hidden)
    bare = {(n, near): Axpy(*size, n, near) for n in threads for near in (False, True)}
    for own in engines.values():
        own.gradients(batch)
    # Of the engine, the bare loop, and the bare loop in L1.
    seconds = {n: np.empty((3, repeats)) for n in threads}
    for repeat in range(repeats):
        for n, own in engines.items():
            seconds[n][0, repeat] = seconds_of(partial(own.gradients, batch))
            for kind, near in enumerate((False, True), start=1):
                # The threads of the bare loop add equally many rows, so that a few can be left over.
                seconds[n][kind, repeat] = bare[n, near].seconds() * wanted / bare[n, near].additions
    rows: dict[int, Row] = {}
    for n, (ours, cached, in_l1) in seconds.items():
        rows[n] = {
            "threads": str(n),
            "ms_an_example": float(np.median(ours)) / shape.batch * 1000,
            "hidden_spikes": spikes / (shape.batch * shape.hidden),
            "billions_a_second": wanted / float(np.median(ours)) / 1e9,
            "billions_a_second_bare": wanted / float(np.median(cached)) / 1e9,
            "billions_a_second_bare_in_L1": wanted / float(np.median(in_l1)) / 1e9,
            "times_the_bare_rate": float(np.median(cached / ours)),
            "times_the_bare_rate_in_L1": float(np.median(in_l1 / ours)),
            "note": f"{shape}; medians of {repeats}",
        }
    return {n: (rows[n], seconds[n][0]) for n in threads}


def _shares(shape: Shape, threads: int, repeats: int) -> dict[str, Row]:
    """Fit time = a steps + b input spikes + c hidden spikes to runs that vary one of these numbers at a time."""
    mean = shape.input_mean
    varied = [
        shape,
        replace(shape, events=shape.events // 2, input_mean=2 * mean),
        replace(shape, input_mean=0.0),
        replace(shape, input_mean=1.3 * mean),
        replace(shape, steps=2 * shape.steps, busy=shape.steps),
    ]
    runs = [(engine(one, threads), one.batches(1)[0]) for one in varied]
    spikes = [own.gradients(batch).hidden_counts.sum() / shape.batch for own, batch in runs]
    counts = np.array([(one.steps, one.events, count) for one, count in zip(varied, spikes, strict=True)])
    forward = np.empty((len(runs), repeats))
    both = np.empty_like(forward)
    for repeat in range(repeats):
        for i, (own, batch) in enumerate(runs):
            forward[i, repeat] = seconds_of(partial(own.predict, [batch])) / shape.batch
            both[i, repeat] = seconds_of(partial(own.gradients, batch)) / shape.batch
    least, whole = forward.min(axis=1), both.min(axis=1)
    passes = {"forward": least, "backward": whole - least}
    return {name: _fitted(counts, seconds, float(whole[0])) for name, seconds in passes.items()}


def _fitted(counts: NDArray[np.float64], seconds: NDArray[np.float64], whole: float) -> Row:
    """Return a pass's share of both passes, the times per step and spike, and their shares of the pass."""
    costs, *_ = np.linalg.lstsq(counts / seconds[:, None], np.ones(len(seconds)), rcond=None)
    misfit = float(np.abs(counts @ costs / seconds - 1).max())
    row: Row = {"ms_an_example": float(seconds[0]) * 1000, "share_of_both_passes": float(seconds[0]) / whole}
    for name, cost, count in zip(("step", "input_spike", "hidden_spike"), costs, counts[0], strict=True):
        row |= {f"ns_by_{name}": float(cost) * 1e9, f"share_of_{name}s": float(cost * count / seconds[0])}
    return row | {"note": f"linear fit to the fastest of {len(seconds)} kinds of runs, off by at most {misfit:.0%}"}
