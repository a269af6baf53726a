"""HDF5 files of other people with any damage: each is read, or refused with one sentence that names it."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import profiles
import pytest
from apart import Apart
from damage import damaged
from hypothesis import given

from models.errors import InputError
from pipeline.data import hdf5, header
from pipeline.data.container import SpikeData
from pipeline.data.datasets.heidelberg import unify_speakers


def foreign(times: str = "f2", units: str = "u2", **options: Any) -> bytes:
    """Return a file in SHD's layout with five examples, which has no header of ours."""
    content = io.BytesIO()
    with h5py.File(content, "w", **options) as file:
        for name, kind in (("spikes/times", times), ("spikes/units", units)):
            rows = np.empty(5, dtype=object)
            for row, count in enumerate((5, 0, 30, 2, 12)):
                values = np.sort(np.random.default_rng(count).uniform(0, 1, count))
                rows[row] = (values if name == "spikes/times" else 700 * values).astype(kind)
            file.create_dataset(name, data=rows, dtype=h5py.vlen_dtype(np.dtype(kind)))
        file["labels"] = np.array([0, 1, 2, 1, 0], dtype=np.uint16)
        file["extra/speaker"] = np.array([3, 3, 4, 4, 5], dtype=np.uint16)
        file["extra/keys"] = np.array([b"zero", b"one", "zwölf".encode()])
    return content.getvalue()


FILES = [foreign(), foreign(">f4", ">u2"), foreign("f8", "i4", libver="latest")]


def read_sanely(path: Path) -> None:
    data = unify_speakers({"test": hdf5.read(path)})["test"]
    assert np.all(np.isfinite(data.times) & (data.times >= 0))
    assert np.all(data.units < data.channels)
    assert data.offsets[0] == 0
    assert data.offsets[-1] == len(data.times) == len(data.units)
    assert all(np.all(np.diff(data.events(index).times) >= 0) for index in range(len(data)))
    for indices, names in ((data.labels, data.classes), (data.speakers, data.speaker_names)):
        assert np.all((indices >= 0) & (indices < len(names)))
        assert len(set(names)) == len(names)


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    reader = Apart(read_sanely)
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "other.h5"


def refused(apart: Apart, path: Path) -> str:
    message = apart.refusal(path)
    assert message is not None
    assert str(path) in message
    assert "\n" not in message
    return message


@given(content=damaged(FILES))
@profiles.examples(100)
def test_a_damaged_file_is_read_or_refused(content: bytes, apart: Apart, path: Path) -> None:
    path.write_bytes(content)
    if apart.refusal(path) is not None:
        refused(apart, path)


def test_a_hole_in_the_rows_does_not_make_reading_endless(apart: Apart, path: Path) -> None:
    whole = foreign()
    first = whole.index(b"GCOL") + 16
    _, length = struct.unpack_from("<H6xQ", whole, first)
    hole = first + 16 + -(-length // 8) * 8
    path.write_bytes(whole[:hole] + bytes(len(whole) - hole))
    assert f"zeros where rows should be, from byte {hole} on" in refused(apart, path)


def test_rows_of_no_kind_do_not_end_the_process(apart: Apart, path: Path) -> None:
    whole = foreign()
    # Class 9 of version 1, rows, their kind in the next byte, 16 bytes each; the second are the units.
    at = whole.index(b"\x19\0\0\0\x10\0\0\0", whole.index(b"\x19\0\0\0\x10\0\0\0") + 1)
    path.write_bytes(whole[: at + 1] + b"\x08" + whole[at + 2 :])
    assert "has rows of no kind" in refused(apart, path)


def changed(path: Path, change: Callable[[h5py.File], None]) -> str:
    path.write_bytes(foreign())
    with h5py.File(path, "a") as file:
        change(file)
    with pytest.raises(InputError) as error:
        hdf5.read(path)
    return str(error.value)


@pytest.mark.parametrize("value", [-1, float("inf"), "many", b"\xff", [1, 2], 2**63])
@pytest.mark.parametrize("name", ["negative", "examples_sorted"])
def test_a_count_of_what_was_dropped_that_is_none_is_refused(path: Path, name: str, value: object) -> None:
    def change(file: h5py.File) -> None:
        file.attrs[name] = np.uint64(value) if value == 2**63 else value

    assert f"has the attribute {name} = " in changed(path, change)


@pytest.mark.parametrize("kind", [h5py.string_dtype(), "?", "c8", h5py.opaque_dtype(np.dtype("M8[s]"))])
@pytest.mark.parametrize("name", ["spikes/times", "spikes/units"])
def test_rows_that_hold_no_numbers_are_refused(path: Path, name: str, kind: Any) -> None:
    def change(file: h5py.File) -> None:
        del file[name]
        element = kind if h5py.check_string_dtype(np.dtype(kind)) else h5py.vlen_dtype(np.dtype(kind))
        file.create_dataset(name, shape=(5,), dtype=element)

    assert "rows of variable length, of numbers, are wanted" in changed(path, change)


@pytest.mark.parametrize("name", ["spikes/times", "labels", "extra/keys"])
@pytest.mark.parametrize("shape", [(), (5, 2)])
def test_a_shape_that_is_no_list_is_refused(path: Path, name: str, shape: tuple[int, ...]) -> None:
    def change(file: h5py.File) -> None:
        del file[name]
        file[name] = np.zeros(shape, dtype=np.uint16)

    assert f"{name} has the shape {shape}" in changed(path, change)


def test_speakers_that_are_no_integers_are_refused_where_they_have_names(path: Path) -> None:
    def change(file: h5py.File) -> None:
        del file["extra/speaker"]
        file["extra/speaker"] = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
        file["extra/speaker_names"] = np.array([b"a", b"b", b"c"])

    assert "speakers are of type float64" in changed(path, change)


def test_a_name_of_more_digits_than_a_number_may_have_is_a_name() -> None:
    def split(name: str) -> SpikeData:
        empty = np.zeros(0, dtype=np.int64)
        return SpikeData(empty, empty, np.zeros(1, dtype=np.int64), empty, empty, ("a",), (name,))

    found = unify_speakers({"train": split("10"), "valid": split("9" * 5000), "test": split("9")})
    assert found["train"].speaker_names == ("9", "10", "9" * 5000)


@pytest.mark.parametrize(
    "content", [b'["spoken-spikes", 1, "%s", 9, "0"]' % ("ü" * 80).encode(), b"[" * 512, b'["spoken-spikes", 1]', b"7"]
)
def test_bytes_that_are_no_header_are_none(content: bytes) -> None:
    assert header.read(io.BytesIO(content.ljust(header.SIZE, b"\0"))) is None
