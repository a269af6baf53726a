"""Time of the cochlea for one recording, beside lauscher, the converter that SHD was made with."""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.cochlea import Cochlea, Sound
from results.benchmarks.table import Row

NAME = "cochlea"
TITLE = "One recording of 0.8 s at 48 kHz to spikes. Speed-up: time of lauscher over that of the converter."
COLUMNS = {
    "converter": "converter",
    "threads": "threads",
    "seconds": "time (s)",
    "spikes": "spikes",
    "times_faster": "speed-up",
}
RATE = 48_000
SECONDS = 0.8
QUICK_SECONDS = 0.08

_LAUSCHER = """
import json, sys, time
import numpy as np
from lauscher.audiowaves import MonoAudioWave
from lauscher.helpers import CommandLineArguments
from lauscher.transformations.wave2spike import Wave2Spike

rate, jobs = int(sys.argv[1]), int(sys.argv[2])
wave = np.frombuffer(sys.stdin.buffer.read())
CommandLineArguments().num_concurrent_jobs = jobs
MonoAudioWave(wave[:480].copy(), rate).transform(Wave2Spike(num_channels=700))
start = time.perf_counter()
spikes = MonoAudioWave(wave.copy(), rate).transform(Wave2Spike(num_channels=700))
print(json.dumps({"seconds": time.perf_counter() - start, "spikes": len(spikes.spike_times)}))
"""
"""Runs in its own process, since lauscher forks workers, which is unsafe in a process with threads."""


def recording(seconds: float = SECONDS, rate: int = RATE) -> NDArray[np.float64]:
    """Make a recording that resembles a spoken word, shape (round(seconds * rate),); the rate is in Hz.

    It has two syllables of a voice of falling pitch with three formants, and noise between them.
    """
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(140 - 40 * t / seconds) / rate
    voice = np.zeros_like(t)
    for k in range(1, 45):
        formants = sum(1 / (1 + ((k * 120 - peak) / width) ** 2) for peak, width in _FORMANTS)
        voice += formants * np.sin(k * phase)
    syllables = np.sin(2 * np.pi * t / seconds) ** 2
    hiss = np.random.default_rng(0).normal(size=len(t)) * np.exp(-(((t / seconds - 0.5) / 0.08) ** 2))
    return np.asarray(voice * syllables + 0.3 * hiss)


_FORMANTS = ((500, 120), (1500, 200), (2500, 300))


def run(quick: bool = False, threads: int = 2, repeats: int = 5) -> list[Row]:
    """Time both converters on one recording of 0.8 s at 48 kHz. Both fade over the whole recording, as lauscher does.

    The cochlea's time is the median of ``repeats`` conversions after one warm-up; lauscher's that of one conversion
    after a warm-up with 10 ms of sound, in as many processes as the cochlea has threads; another row has the cochlea on
    one thread. Quick: give lauscher only the first tenth, and estimate its time as ten times as long; its row says so.

    Raises
    ------
    ModuleNotFoundError
        If lauscher is not installed.
    """
    if importlib.util.find_spec("lauscher") is None:
        raise ModuleNotFoundError("No module named 'lauscher'", name="lauscher")
    audio = recording()
    cochlea = replace(Cochlea(), sound=Sound(ramp=None))
    cochlea.spikes(audio, RATE, 0, threads=threads)
    ours = {used: _time(cochlea, audio, used, repeats) for used in dict.fromkeys((threads, 1))}
    part = QUICK_SECONDS if quick else SECONDS
    theirs = _time_lauscher(audio[: round(part * RATE)], threads)
    theirs_seconds = theirs["seconds"] * SECONDS / part
    rows: list[Row] = [
        {
            "converter": "cochlea",
            "threads": str(used),
            "seconds": seconds,
            "spikes": spikes,
            "times_faster": theirs_seconds / seconds,
            "note": f"median of {repeats}, {SECONDS} s at {RATE // 1000} kHz",
        }
        for used, (seconds, spikes) in ours.items()
    ]
    row: Row = {"converter": "lauscher", "threads": str(threads), "seconds": theirs_seconds, "times_faster": 1.0}
    if quick:
        row |= {"spikes": "", "note": f"estimated: {SECONDS / part:.0f} times its time for {part} s"}
    else:
        row |= {"spikes": theirs["spikes"], "note": "once"}
    return [*rows, row]


def _time(cochlea: Cochlea, audio: NDArray[np.float64], threads: int, repeats: int) -> tuple[float, float]:
    """Return the median time in s and the mean number of spikes."""
    seconds, counts = [], []
    for seed in range(repeats):
        start = time.perf_counter()
        spikes = cochlea.spikes(audio, RATE, seed, threads=threads)
        seconds.append(time.perf_counter() - start)
        counts.append(len(spikes.times))
    return statistics.median(seconds), statistics.fmean(counts)


def _time_lauscher(audio: NDArray[np.float64], jobs: int) -> dict[str, float]:
    command = [sys.executable, "-c", _LAUSCHER, str(RATE), str(jobs)]
    done = subprocess.run(command, input=audio.tobytes(), capture_output=True, check=True)
    return {name: float(value) for name, value in json.loads(done.stdout.splitlines()[-1]).items()}
