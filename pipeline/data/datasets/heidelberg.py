"""`shd` and `ssc`: the spiking data sets of Heidelberg.

`shd`, the Spiking Heidelberg Digits: twenty words (zero to nine in English and German) of twelve speakers, 8156
examples for training and 2264 for test; speakers 4 and 5 are in the test split only. `ssc`, the Spiking Speech
Commands: 35 English words of many speakers, 75466 examples for training, 9981 for validation and 20382 for test.
Cramer et al. 2020, "The Heidelberg spiking data sets for the systematic evaluation of spiking neural networks" (IEEE
TNNLS). Addresses and checksums are those of tonic's classes. Files that are there unpacked are used as they are,
without a network.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import InputError
from pipeline.data import hdf5
from pipeline.data.cache import cache_folder
from pipeline.data.container import SpikeData
from pipeline.data.datasets.base import Dataset, Entry, register
from pipeline.paths import expanded


def load_shd(root: Path | None = None, *, progress: bool = True) -> Dataset:
    """Return SHD; see `read_splits` for parameters and errors."""
    splits = read_splits("SHD", ("train", "test"), root, progress)
    return Dataset("shd", splits["train"], splits["test"], notes=("split by the data set's own files.",))


def load_ssc(root: Path | None = None, *, progress: bool = True) -> Dataset:
    """Return SSC; see `read_splits` for parameters and errors."""
    splits = read_splits("SSC", ("train", "valid", "test"), root, progress)
    return Dataset("ssc", splits["train"], splits["test"], splits["valid"], ("split by the data set's own files.",))


def read_splits(tonic_class: str, splits: Sequence[str], root: Path | None, progress: bool) -> dict[str, SpikeData]:
    """Read splits of SHD or SSC, named as tonic does; a speaker has the same index in all of them.

    Parameters
    ----------
    root : Path, optional
        The folder with the ``.h5`` files, or with a folder of them that is named after tonic's class
        (``SHD``, ``SSC``); downloads go to the latter. The default is the folder of the caches.
    progress : bool
        Whether a download shows its progress.

    Raises
    ------
    InputError
        If a file is missing and cannot be downloaded, if it is damaged or empty, or if the splits' classes or
        channels differ.
    """
    import tonic.datasets  # slow: only who loads SHD or SSC waits for it

    source = getattr(tonic.datasets, tonic_class)
    folder = cache_folder() if root is None else expanded(root)
    with contextlib.nullcontext() if progress else _silence():
        paths = {split: _find(source, split, folder) for split in splits}
    read = {split: hdf5.read(path) for split, path in paths.items()}
    first, first_path = read[splits[0]], paths[splits[0]]
    for split, data in read.items():
        if not len(data):
            raise InputError(f"{paths[split]} holds no examples.")
        if data.classes != first.classes:
            raise InputError(f"{paths[split]} has other classes (extra/keys) than {first_path}, the same are wanted.")
        if data.channels != first.channels:
            raise InputError(
                f"{paths[split]} has {data.channels} channels, {first_path} has {first.channels}; the same are wanted."
            )
    return unify_speakers(read)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Suppress tonic's output, which it has no option for."""
    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        yield


def unify_speakers(splits: Mapping[str, SpikeData]) -> dict[str, SpikeData]:
    """Return the splits with one common tuple of speaker names, so that indices mean the same in all."""
    names = sorted({name for data in splits.values() for name in data.speaker_names}, key=_numbers_first)
    index = {name: i for i, name in enumerate(names)}
    unified = {}
    for split, data in splits.items():
        new = np.array([index[name] for name in data.speaker_names], dtype=np.int64)
        unified[split] = replace(data, speakers=new[data.speakers], speaker_names=tuple(names))
    return unified


def _numbers_first(name: str) -> tuple[bool, float, str]:
    """Sort 2 before 10, and numbers before words."""
    return (False, float(name), name) if name.isdecimal() else (True, 0.0, name)


def _find(source: type[Any], split: str, root: Path) -> Path:
    """Return the path of a split's file; download and unpack it if it is missing."""
    archive: str = getattr(source, f"{split}_zip")
    name = archive.removesuffix(".zip")
    folder = root / source.__name__
    for path in (root / name, folder / name):
        if path.is_file():
            return path
    _unpack(source, split, root if (root / archive).is_file() else folder, folder / name)
    return folder / name


def _unpack(source: type[Any], split: str, archives: Path, path: Path) -> None:
    """Unpack a split's archive after tonic has checked it, and downloaded it if it is missing or incomplete.

    tonic's own constructor is not used: without the archive it downloads even files that are there unpacked, and
    if one file is unpacked it assumes that all are.
    """
    from tonic.download_utils import download_url, extract_archive

    archive: str = getattr(source, f"{split}_zip")
    url = source.base_url + archive
    hint = f"put {path.name} into {path.parent}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        download_url(url, str(archives), archive, getattr(source, f"{split}_md5"))
        with tempfile.TemporaryDirectory(dir=path.parent) as aside:
            extract_archive(str(archives / archive), aside)
            os.replace(Path(aside) / path.name, path)
    except RuntimeError as error:
        raise InputError(f"What {url} gave doesn't have the checksum that it should; try again or {hint}.") from error
    except (zipfile.BadZipFile, FileNotFoundError) as error:
        raise InputError(f"{archives / archive} doesn't hold {path.name}; {hint}.") from error
    except (OSError, HTTPException) as error:
        raise InputError(f"{path} is missing and can't be had from {url} ({error}); {hint}.") from error


register(
    Entry(
        "shd",
        "Spiking Heidelberg Digits: 20 words, 12 speakers; downloaded if missing",
        load_shd,
        folder="shd_train.h5 and shd_test.h5",
        classes=20,
    )
)
register(
    Entry(
        "ssc",
        "Spiking Speech Commands: 35 words, many speakers; downloaded if missing",
        load_ssc,
        folder="ssc_train.h5, ssc_valid.h5 and ssc_test.h5",
        classes=35,
    )
)
