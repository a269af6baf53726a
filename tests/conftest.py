"""Fixtures of many tests: a small data set that can be learned, and the command line inside the test's process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import forked
import numpy as np
import profiles
import pytest

from pipeline.cli import main
from pipeline.data import hdf5
from pipeline.data.container import SpikeData
from pipeline.data.packing import pack
from sweeps import runner, workers

profiles.register()
os.environ["MPLBACKEND"] = "agg"  # as the command lines have it; a notebook's shell names one that may not be here

WORDS = ("low", "high", "up", "down")


def make_words(examples: int, seed: int, speakers: tuple[int, ...], names: tuple[str, ...]) -> SpikeData:
    """Return examples of four words: a band of channels that lies low or high, or glides up or down."""
    rng = np.random.default_rng(seed)
    labels = np.arange(examples) % len(WORDS)
    who = np.array(speakers)[(np.arange(examples) // len(WORDS)) % len(speakers)]
    rows = []
    for label, speaker in zip(labels, who, strict=True):
        times = np.sort(rng.uniform(5, 90, 150)).astype(np.float32)
        centre = {0: 0 * times + 150, 1: 0 * times + 500, 2: 100 + 5 * times, 3: 550 - 5 * times}[int(label)]
        units = np.clip(np.rint(centre + 10 * speaker + rng.normal(0, 20, len(times))), 0, 699).astype(np.uint16)
        rows.append((times, units))
    return pack(rows, labels, who, WORDS, names, source="made")


@pytest.fixture(scope="session")
def words_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with shd_train.h5 of three speakers and shd_test.h5 of a fourth."""
    folder = tmp_path_factory.mktemp("words")
    names = ("ann", "ben", "cia", "dan")
    hdf5.write(folder / "shd_train.h5", make_words(60, 1, (0, 1, 2), names))
    hdf5.write(folder / "shd_test.h5", make_words(24, 2, (3,), names))
    return folder


@pytest.fixture
def words_config(words_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config for `words_folder`; runs go to the test's own folder."""
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "runs"))
    path = tmp_path / "words.toml"
    path.write_text(f"""
name = "words"
[data]
dataset = "shd"
root = "{words_folder}"
trial = 100.0
[network]
hidden = 24
[network.initial]
input = {{mean = 0.4, sd = 0.4}}
output = {{sd = 0.3}}
[loss]
scale = 10.0
[loss.window]
shape = "gaussian"
mu = 0.3
sigma = 0.4
[augmentation]
shift = 10
blend = 0.3
[training]
epochs = 6
batch = 8
learning_rate = 0.01
regulariser = {{strength = 1e-6, target = 5.0}}
""")
    return path


@pytest.fixture(scope="session", autouse=True)
def forked_workers() -> Iterator[None]:
    """Workers that this process starts are forked from a server instead of each importing everything anew."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (runner, workers):
            patch.setattr(module, "SPAWN", forked.CONTEXT)
        yield


class Answer(NamedTuple):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one sentence that a refusal is."""
        assert self.code == 2, self
        lines = self.err.strip().splitlines()
        assert "Traceback" not in self.err
        assert lines[-1].startswith("error: "), self.err
        return lines[-1].removeprefix("error: ")


Command = Callable[..., Answer]


@pytest.fixture
def in_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[str, Callable[[], None]], Command]:
    """Make a command line, its name and its main function, into a function of its arguments."""

    def command(name: str, main: Callable[[], None]) -> Command:
        def run(*arguments: object) -> Answer:
            monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
            capfd.readouterr()
            try:
                main()
                code = 0
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 0
            said = capfd.readouterr()
            return Answer(code, said.out, said.err)

        return run

    return command


@pytest.fixture
def pipeline(in_process: Callable[[str, Callable[[], None]], Command]) -> Command:
    """Run ``python -m pipeline`` with some arguments, in this process."""
    return in_process("pipeline", main)
