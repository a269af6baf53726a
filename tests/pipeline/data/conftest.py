"""Splits, and files in exactly the format of the public data sets, for the tests of the data layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.data.container import SpikeData
from pipeline.data.packing import pack

MakeSplit = Callable[..., SpikeData]
WriteHeidelberg = Callable[..., None]

SHD_WORDS = [
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("null", "eins", "zwei", "drei", "vier", "fuenf", "sechs", "sieben", "acht", "neun"),
]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test its own caches."""
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def make_split() -> MakeSplit:
    """Return a function that makes a split of random events."""

    def make(examples: int = 40, seed: int = 0, classes: int = 4, speakers: int = 3, events: int = 200) -> SpikeData:
        rng = np.random.default_rng(seed)
        counts = rng.integers(events // 2, events + 1, examples)
        return pack(
            [(np.sort(rng.uniform(0, 900, n)).astype(np.float32), rng.integers(0, 700, n)) for n in counts],
            rng.permutation(np.arange(examples) % classes),
            rng.permutation(np.arange(examples) % speakers),
            [f"word{i}" for i in range(classes)],
            [f"speaker{i}" for i in range(speakers)],
            source="made",
        )

    return make


@pytest.fixture
def write_heidelberg() -> WriteHeidelberg:
    """Return a function that writes rows of times in s and channels in the format of SHD's and SSC's files."""

    def write(
        path: Path,
        rows: list[tuple[np.ndarray, np.ndarray]],
        labels: list[int],
        speakers: list[int] | None,
        keys: list[str] = SHD_WORDS,
        dtype: type = np.float16,
    ) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            for name, column, kind in (("times", 0, dtype), ("units", 1, np.uint16)):
                cells = np.empty(len(rows), dtype=h5py.vlen_dtype(kind))
                for i, row in enumerate(rows):
                    cells[i] = np.asarray(row[column]).astype(kind)
                # Chunked and extendible like PyTables' VLArrays, of which these files consist.
                file.create_dataset(f"spikes/{name}", data=cells, maxshape=(None,), chunks=(64,))
            file["labels"] = np.array(labels, dtype=np.uint16)
            file["extra/keys"] = np.array([key.encode() for key in keys])
            if speakers is not None:
                file["extra/speaker"] = np.array(speakers, dtype=np.uint16)
                file["extra/meta_info/gender"] = np.array([b"male", b"female"])

    return write
