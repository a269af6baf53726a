"""Our spikes against those of lauscher, the converter that Cramer et al. (2020) published with their data.

Vesicle release is random, so only distributions can agree: total counts, and histograms over channels and over time,
each as the squared difference of the means in units of its variance under the null hypothesis. One bound holds for all
three, and the second half of the tests shows that a wrong constant breaks it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from pipeline.cochlea import BasilarMembrane, Cochlea, Sound
from pipeline.events import Events

RATE = 48_000
BOUND = 3.0
"""Largest accepted difference: of totals in standard errors, of histograms as mean of squared standard errors."""


@dataclass(frozen=True)
class Case:
    """A sound at some loudness, heard by some channels that are spread over the whole membrane."""

    audio: np.ndarray
    level: float
    channels: int

    @property
    def cochlea(self) -> Cochlea:
        return Cochlea(sound=Sound(level=self.level, ramp=None), membrane=BasilarMembrane(channels=self.channels))

    def summaries(self, examples: Iterable[Events]) -> np.ndarray:
        """Return total, channel histogram and time histogram of each example, shape (examples, 25)."""
        # lauscher's Fourier transform has the length of the sound and is circular. The apex responds before the
        # sound begins, and there this response is at the sound's end; the last 15 ms are therefore left out.
        end = len(self.audio) / RATE * 1e3 - 15
        rows = []
        for times, units in examples:
            kept = times < end
            by_channel = np.histogram(units[kept], 14, (0, self.channels))[0]
            by_time = np.histogram(times[kept], 10, (0, end))[0]
            rows.append(np.concatenate([[kept.sum()], by_channel, by_time]))
        return np.array(rows, dtype=float)

    def differences(self, cochlea: Cochlea, theirs: list[Events], seeds: int) -> tuple[float, float, float]:
        """Return how far the totals, the channel histograms and the time histograms are apart."""
        ours = self.summaries(cochlea.spikes(self.audio, RATE, seed) for seed in range(seeds))
        reference = self.summaries(theirs)
        # Bins with few spikes get the variance of a bin with one spike in two examples.
        variance = np.maximum(ours.var(axis=0, ddof=1), 0.5) * (1 / len(ours) + 1 / len(reference))
        squares = (ours.mean(axis=0) - reference.mean(axis=0)) ** 2 / variance
        return float(np.sqrt(squares[0])), float(squares[1:15].mean()), float(squares[15:].mean())


def _chord(seconds: float) -> np.ndarray:
    """Harmonics of 200 Hz up to 7 kHz in phase: only the most basal channels have no input."""
    t = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(sum(np.sin(2 * np.pi * 200 * k * t) / np.sqrt(k) for k in range(1, 35)))


# Far louder than usual, so that a short sound gives many spikes.
SHORT = Case(_chord(0.12), level=1.0, channels=70)
FULL = Case(_chord(0.12), level=0.3, channels=700)


class _Serial:
    """Stands in for lauscher's process pools: forking a test runner that has threads can hang it."""

    def __init__(self, *_: object) -> None:
        pass

    def __enter__(self) -> _Serial:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, function: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        return [function(item) for item in items]


@pytest.fixture(scope="module")
def lauscher() -> Iterator[Callable[[Case, int], list[Events]]]:
    """Return a function that runs lauscher's own chain of transformations for a few seeds."""
    steps = importlib.import_module("lauscher.transformations")
    waves = importlib.import_module("lauscher.audiowaves")

    def run(case: Case, seeds: int) -> list[Events]:
        sound = waves.MonoAudioWave(case.audio.copy(), RATE)
        sound = sound.transform(steps.RmsNormalizer(case.level)).transform(steps.HanningWindow())
        released = sound.transform(steps.BasilarMembrane(channels=case.channels)).transform(steps.HairCell())
        examples = []
        for seed in range(seeds):
            np.random.seed(seed)  # noqa: NPY002 - lauscher draws from the global generator
            train = released.transform(steps.BushyCell())
            examples.append(Events(train.spike_times * 1e3, train.spike_labels))
        return examples

    state = np.random.get_state()  # noqa: NPY002
    with pytest.MonkeyPatch.context() as patch:
        for name in ("basilar_membrane", "hair_cell", "bushy_cell"):
            patch.setattr(importlib.import_module(f"lauscher.transformations.{name}"), "Pool", _Serial)
        yield run
    np.random.set_state(state)  # noqa: NPY002


@pytest.fixture(scope="module")
def short(lauscher: Callable[[Case, int], list[Events]]) -> list[Events]:
    return lauscher(SHORT, 4)


def test_counts_and_histograms_agree(short: list[Events]) -> None:
    total, channels, times = SHORT.differences(SHORT.cochlea, short, seeds=40)
    assert total < BOUND
    assert channels < BOUND
    assert times < BOUND


def test_total_count_agrees_within_a_few_per_cent(short: list[Events]) -> None:
    ours = SHORT.summaries(SHORT.cochlea.spikes(SHORT.audio, RATE, seed) for seed in range(40))[:, 0]
    assert ours.mean() == pytest.approx(SHORT.summaries(short)[:, 0].mean(), rel=0.04)


@pytest.mark.parametrize(
    ("part", "constant", "factor"),
    [
        ("sound", "level", 0.8),
        ("membrane", "length", 1.05),
        ("membrane", "taper", 1.05),
        ("membrane", "stiffness", 0.7),
        ("membrane", "damping", 1.5),
        ("hair_cell", "permeability", 0.75),
        ("hair_cell", "offset", 0.7),
        ("hair_cell", "half", 1.5),
        ("hair_cell", "replenish", 1.2),
        ("hair_cell", "loss", 1.2),
        ("hair_cell", "reuptake", 1.5),
        ("hair_cell", "reprocess", 0.5),
        ("hair_cell", "release", 0.9),
        ("bushy_cell", "dead_time", 1.5),
        ("bushy_cell", "refractory", 5.0),
        ("bushy_cell", "tau_mem", 0.9),
        ("bushy_cell", "tau_syn", 0.9),
        ("bushy_cell", "weight", 0.9),
        ("bushy_cell", "threshold", 1.1),
    ],
)
def test_a_wrong_constant_breaks_the_bounds(short: list[Events], part: str, constant: str, factor: float) -> None:
    value = getattr(SHORT.cochlea, part)
    wrong = replace(value, **{constant: getattr(value, constant) * factor})
    differences = SHORT.differences(replace(SHORT.cochlea, **{part: wrong}), short, seeds=40)
    assert max(differences) > BOUND


@pytest.mark.slow
def test_all_channels_agree_at_the_usual_loudness(lauscher: Callable[[Case, int], list[Events]]) -> None:
    theirs = lauscher(FULL, 3)
    total, channels, times = FULL.differences(FULL.cochlea, theirs, seeds=40)
    assert total < BOUND
    assert channels < BOUND
    assert times < BOUND
