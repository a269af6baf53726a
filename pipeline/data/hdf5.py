"""The file format of SHD, SSC and everything written here: SHD's layout in HDF5.

``spikes/times`` (seconds, variable length), ``spikes/units``, ``labels``, ``extra/keys`` (class names)
and ``extra/speaker`` after Cramer et al. 2020, "The Heidelberg spiking data sets for the systematic
evaluation of spiking neural networks" (IEEE TNNLS). Files written here add ``extra/speaker_names`` and begin
with a header (``pipeline.data.header``) whose checksum reveals damage; HDF5 readers skip it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import h5py
import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from pipeline.data import header
from pipeline.data.atomic import write_atomically
from pipeline.data.container import Drops, SpikeData
from pipeline.data.hdf5_checks import check_form, check_layout, check_most_are_good
from pipeline.data.names import composed, warn_of_case
from pipeline.data.packing import EXAMPLES_AT_ONCE, assemble, clean_rows
from pipeline.data.time_unit import check_time_unit
from pipeline.events import CHANNELS

FORMAT_VERSION = 1
"""Incremented whenever earlier files must no longer be read."""

MOST_CHANNELS = 1 << 16
"""Units are stored in 16 bits."""

_MS_PER_S = 1000.0


def write(path: Path, data: SpikeData, *, key: str = "") -> None:
    """Write a split to ``path``, atomically; its folder is created if necessary, and an earlier file is replaced.

    Times are stored as float32 seconds, so the times read back may differ from those of ``data`` in the last bit.
    ``key`` identifies what the file was made from; ``pipeline.data.header.read`` returns it.
    """
    # HDF5 can abort the process when the disk is full. It therefore writes to memory, and we write to the disk.
    # The name belongs to no file, but HDF5 refuses to open two files of one name at once.
    name = f"{path.name}-{uuid4()}"
    with h5py.File(name, "w", driver="core", backing_store=False, userblock_size=header.SIZE) as file:
        file["spikes/times"] = _rows(data.times / _MS_PER_S, data.offsets)
        file["spikes/units"] = _rows(data.units, data.offsets)
        file["labels"] = data.labels.astype(np.uint16)
        file["extra/speaker"] = data.speakers.astype(np.uint16)
        for field, names in (("extra/keys", data.classes), ("extra/speaker_names", data.speaker_names)):
            file[field] = np.array([name.encode() for name in names], dtype=bytes)
        file.attrs["channels"] = data.channels
        for reason, count in asdict(data.drops).items():
            file.attrs[reason] = count
        file.flush()
        image = file.id.get_file_image()
    write_atomically(path, [header.make(image, FORMAT_VERSION, key), image])


def read(path: Path) -> SpikeData:
    """Read a split from a file of SHD, of SSC, or written by ``write``.

    Bad events are dropped and counted (see ``pipeline.data.packing``).

    Raises
    ------
    InputError
        If the file is missing, truncated, damaged or no HDF5, if it lacks a dataset, if its labels, lengths or
        names contradict each other, or if most of its events are bad.
    """
    if not path.is_file():
        raise InputError(f"{path} is missing: no such file.")
    try:
        # The file is opened once only: another process may replace it, and the header of one file says nothing
        # about the content of another.
        with path.open("rb") as stream:
            check_form(stream, path, FORMAT_VERSION)
            with h5py.File(stream, "r") as file:
                return _read(file, str(path))
    except InputError:
        raise
    except PermissionError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except (OSError, RuntimeError, ValueError, TypeError, KeyError, MemoryError, OverflowError) as error:
        # The text of a KeyError is in quotes, and that of an HDF5 error can have several lines.
        reason = (str(error).splitlines() or [type(error).__name__])[0].strip("'\"")
        if "truncated" in reason:
            raise InputError(
                f"{path} is cut short: it ends before the end that it states; copy or download it again."
            ) from error
        raise InputError(f"{path} is damaged and can't be read as HDF5 ({reason}); get or make it again.") from error


def _read(file: h5py.File, source: str) -> SpikeData:
    check_layout(file, source)
    times, units = file["spikes/times"], file["spikes/units"]
    channels = _attribute(file, "channels", CHANNELS, range(1, MOST_CHANNELS + 1), source)
    blocks = [
        clean_rows(
            _stored(times, slice(start, start + EXAMPLES_AT_ONCE)),
            _stored(units, slice(start, start + EXAMPLES_AT_ONCE)),
            first=start,
            channels=channels,
            source=source,
            scale=_MS_PER_S,
        )
        for start in range(0, len(times), EXAMPLES_AT_ONCE)
    ]
    speakers, names = _speakers(file, len(times), source)
    classes = _decode(file["extra/keys"], source)
    warn_of_case(classes, "words", source)
    warn_of_case(names, "speakers", source)
    data = assemble(blocks, file["labels"][()], speakers, classes, names, channels=channels, source=source)
    check_most_are_good(data, source)
    check_time_unit(data, source)
    stored = Drops(**{f.name: _attribute(file, f.name, 0, range(sys.maxsize), source) for f in fields(Drops)})
    return replace(data, drops=data.drops + stored)


def _stored(dataset: h5py.Dataset, part: slice) -> Sequence[NDArray[Any]]:
    """Return rows of variable length as they are stored, in either byte order."""
    element = h5py.check_vlen_dtype(dataset.dtype)
    rows: Sequence[NDArray[Any]] = dataset[part]
    # h5py hands over the bytes of the file and calls them numbers of this machine, whatever the byte order of the file.
    return rows if element.isnative else [row.view(element) for row in rows]


def _speakers(file: h5py.File, examples: int, source: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return each example's speaker and the names; a file without ``extra/speaker`` has one speaker."""
    if "extra/speaker" not in file:
        return np.zeros(examples, dtype=np.int64), ("unknown",)
    speakers = file["extra/speaker"][()]
    if len(speakers) != examples:
        raise InputError(
            f"{source} has {len(speakers)} entries in extra/speaker and {examples} examples, one entry an "
            "example is wanted."
        )
    if "extra/speaker_names" in file:
        return speakers, _decode(file["extra/speaker_names"], source)
    values, index = np.unique(speakers, return_inverse=True)
    names = _text(values)
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return np.array([places[name] for name in names], dtype=np.int64)[index], tuple(places)


def _attribute(file: h5py.File, name: str, default: int, allowed: range, source: str) -> int:
    """Return an attribute of files written here, or the default where there is none; refuse what is not allowed."""
    found = file.attrs.get(name, default)
    if not isinstance(found, int | np.integer) or int(found) not in allowed:
        raise InputError(
            f"{source} has the attribute {name} = {str(found)[:40]}, an integer from {allowed[0]} to {allowed[-1]} is "
            "wanted."
        )
    return int(found)


def _decode(dataset: h5py.Dataset, source: str) -> tuple[str, ...]:
    """Return the names in a dataset; refuse bytes that are no UTF-8."""
    try:
        return _text(dataset[()])
    except UnicodeDecodeError as error:
        raise InputError(f"{source}: {dataset.name} has the name {error.object!r}, which is no UTF-8.") from None


def _text(names: NDArray[Any]) -> tuple[str, ...]:
    """Return names as text in one Unicode form, whether they are stored as bytes, text or numbers."""
    return tuple(composed(name.decode() if isinstance(name, bytes) else str(name)) for name in names)


def _rows(values: NDArray[Any], offsets: NDArray[np.int64]) -> NDArray[Any]:
    """Return one array per example, as h5py stores rows of variable length."""
    rows = np.empty(len(offsets) - 1, dtype=h5py.vlen_dtype(values.dtype))
    for row in range(len(rows)):
        rows[row] = values[offsets[row] : offsets[row + 1]]
    return rows
