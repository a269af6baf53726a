"""How much memory training takes as the trial gets longer with the same spikes in it."""

from __future__ import annotations

from dataclasses import asdict

from results.benchmarks.child import in_child
from results.benchmarks.shd_shaped import Shape

NAME = "memory"
STEPS = (250, 500, 1000, 2000, 4000, 8000)
QUICK_STEPS = (250, 8000)


def run(quick: bool = False, threads: int = 2) -> list[dict[str, float | str]]:
    """Train the CPU engine on trials of different length, each in a process of its own.

    All events lie in the first 240 steps, so that every length has the same input; what is recorded of it are hidden
    spikes, whose room does not depend on the length either.

    Parameters
    ----------
    quick : bool
        The shortest and the longest alone.
    threads : int
        Threads of the engine.

    Returns
    -------
    list of dict
        By row: trainer, threads, steps, milliseconds an example, megabytes added at the peak, hidden spikes a neuron
        and example.
    """
    rows: list[dict[str, float | str]] = []
    for steps in QUICK_STEPS if quick else STEPS:
        shape = asdict(Shape(steps=steps, events=2000, busy=240))
        row = in_child("results.benchmarks.torch_peer", kind="ours", threads=threads, batches=3, shape=shape)
        rows.append(
            {
                "trainer": "Eventprop, CPU engine",
                "threads": str(threads),
                "steps": str(steps),
                "ms_an_example": row["seconds"] / shape["batch"] * 1000,
                "megabytes": row["megabytes"],
                "hidden_spikes": row["hidden_spikes"],
            }
        )
    return rows
