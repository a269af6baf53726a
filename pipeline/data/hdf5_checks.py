"""What must be true of a file before its examples are read, and of what was read: else it is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import h5py
import numpy as np

from models.errors import InputError
from pipeline.data import header, heaps
from pipeline.data.container import SpikeData

_WANTED = ("spikes/times", "spikes/units", "labels", "extra/keys")


def check_form(stream: BinaryIO, path: Path, version: int) -> None:
    """Refuse a file that is no complete HDF5 file, or of another version of the format, before HDF5 parses it."""
    size = stream.seek(0, os.SEEK_END)
    if size == 0:
        raise InputError(f"{path} is empty, an HDF5 file in SHD's layout is wanted.")
    if not h5py.is_hdf5(path):
        raise InputError(f"{path} is no HDF5 file, one in SHD's layout is wanted.")
    found = header.read(stream)
    if found is None:
        if (hole := heaps.endless(stream)) is not None:
            raise InputError(
                f"{path} is damaged: it has zeros where rows should be, from byte {hole} on; copy or download it again."
            )
        return
    if found.version != version:
        raise InputError(
            f"{path} was written in version {found.version} of the format, wanted is version {version}; make it again."
        )
    if size < found.size:
        raise InputError(f"{path} is cut short: {size} of its {found.size} bytes are there; get or make it again.")
    if not header.is_intact(stream, found):
        raise InputError(f"{path} is damaged: its content doesn't match its checksum; get or make it again.")


def check_layout(file: h5py.File, source: str) -> None:
    """Refuse a file whose datasets are not those of SHD's layout; ``source`` names it."""
    missing = [name for name in _WANTED if name not in file or not isinstance(file[name], h5py.Dataset)]
    if missing:
        raise InputError(f"{source} lacks the dataset {missing[0]}, wanted are {', '.join(_WANTED)}.")
    for name in _WANTED:
        if file[name].ndim != 1:
            raise InputError(
                f"{source}: {name} has the shape {file[name].shape}, a list with one entry each is wanted."
            )
    lengths = {name: len(file[name]) for name in _WANTED[:3]}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise InputError(f"{source} has datasets of differing lengths ({found}), one entry an example is wanted.")
    for dataset in (file["spikes/times"], file["spikes/units"]):
        element = h5py.check_vlen_dtype(dataset.dtype)
        if not isinstance(element, np.dtype) or element.kind not in "fiu":
            found = dataset.dtype if element is None else f"rows of {getattr(element, '__name__', element)}"
            raise InputError(
                f"{source}: {dataset.name} holds {found} of shape {dataset.shape}, rows of variable length, of "
                "numbers, are wanted."
            )
        # 0 is the kind of rows, 1 that of text; HDF5 would read rows of any other kind by an address that is none.
        if dataset.id.get_type().encode()[3] & 0xF:
            raise InputError(f"{source} is damaged: {dataset.name} has rows of no kind; copy or download it again.")


def check_most_are_good(data: SpikeData, source: str) -> None:
    """Refuse a file most of whose events were dropped: its times or channels mean something else."""
    drops, events = data.drops, len(data.times) + data.drops.events
    if 2 * drops.events > events:
        raise InputError(
            f"{source}: {drops.events:,} of {events:,} events can't be used ({drops.not_finite:,} have a time that is "
            f"not finite, {drops.negative:,} are before time 0, {drops.unit_out_of_range:,} have a channel out of "
            f"range); times in seconds and channels from 0 to {data.channels - 1} are wanted."
        )
