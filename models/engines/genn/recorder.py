"""Recordings of the GeNN engine: the same trials, read out step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ml_genn.utils.data import PreprocessedSpikes
from numpy.typing import NDArray

from models.engines.genn.chunks import Chunk
from models.engines.genn.events import no_events
from models.engines.genn.simulator import Simulator
from models.losses import Loss
from models.network import Spiking
from models.recording import Recording, Spikes


def record_chunk(simulator: Simulator, loss: Loss, chunk: Chunk, adjoints: bool) -> list[Recording]:
    """Run a chunk with nothing left to run backward; keep each example's spikes and voltages, and adjoints if asked."""
    network, lanes, examples = simulator.program.network, simulator.program.lanes, len(chunk.labels)
    names = list(network.populations)
    simulator.set_taping(True)
    voltages = _stepped(simulator, chunk.events, dict.fromkeys(names, ("V",)))
    observed = simulator.read("output", "VAvg")[:examples].astype(np.float64)
    judgement = loss.judge(observed, chunk.labels)
    spikes = {name: _spikes(simulator, name, voltages[name][0]) for name in names if name != "output"}
    back: dict[str, Any] = {}
    if adjoints:
        gradient = np.zeros((lanes, network.output.size))
        gradient[:examples] = judgement.gradient * examples
        simulator.write("output", "LossGradient", gradient)
        simulator.set_taping(False)
        back = _stepped(simulator, [no_events(network.input)], dict.fromkeys(names, ("LambdaV", "LambdaI")))
        simulator.write("output", "LossGradient", np.zeros_like(gradient))
    return [
        Recording(
            simulator.program.problem.dt,
            judgement.logits[b],
            {name: found[b] for name, found in spikes.items()},
            {name: voltages[name][0][1:, b].copy() for name in names},
            # After GeNN's step s, adjoints are those at the beginning of the step s + 1 before the end.
            {name: back[name][0][-2::-1, b].copy() for name in back},
            {name: back[name][1][-2::-1, b].copy() for name in back},
        )
        for b in range(examples)
    ]


def _stepped(
    simulator: Simulator, examples: Sequence[PreprocessedSpikes], variables: dict[str, tuple[str, ...]]
) -> dict[str, list[NDArray[np.float32]]]:
    """Run a trial and return variables after each of GeNN's steps, each (steps + 1, lanes, size), by population."""
    simulator.begin(examples)
    kept: dict[str, list[list[Any]]] = {name: [[] for _ in wanted] for name, wanted in variables.items()}
    for _ in range(simulator.program.problem.steps + 1):
        simulator.step()
        for name, wanted in variables.items():
            for rows, variable in zip(kept[name], wanted, strict=True):
                rows.append(simulator.read(name, variable))
    return {name: [np.array(rows, np.float32) for rows in found] for name, found in kept.items()}


def _spikes(simulator: Simulator, name: str, voltages: NDArray[np.float32]) -> list[Spikes]:
    """Return a population's spikes in each lane; a voltage left at threshold in the last step is a spike, too."""
    times, first, behind = simulator.tape(name)
    population = simulator.program.network.populations[name]
    assert isinstance(population, Spiking)
    capacity, problem = simulator.program.capacity, simulator.program.problem
    found = []
    for lane in range(len(times)):
        counts = (behind[lane] - first[lane]) % capacity
        neurons = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        place = np.concatenate([np.arange(n) for n in counts]) if len(counts) else np.empty(0, np.int64)
        steps = times[lane, neurons, (first[lane, neurons] + place.astype(np.int64)) % capacity].astype(np.float64) - 1
        late = np.flatnonzero(voltages[-1, lane] >= population.threshold).astype(np.int32)
        voltages[-1, lane, late] = 0
        neurons = np.concatenate((neurons, late))
        steps = np.concatenate((steps, np.full(len(late), problem.steps - 1.0)))
        order = np.lexsort((neurons, steps))
        found.append(Spikes((steps[order] + 1) * problem.dt, neurons[order]))
    return found
