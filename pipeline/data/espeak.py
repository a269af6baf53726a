"""Speech synthesis by espeak-ng through ctypes: the same request always gives the same samples.

From one synthesis to the next espeak-ng keeps state that no call resets (the phase of the flutter of the
pitch, an automatic gain), and it seeds its breath noise from the clock. Every utterance is therefore made by a
freshly loaded library, which is initialised, seeded, called once and unloaded. That costs about 2 ms.
"""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 22050
"""Hz, espeak-ng's own."""

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: pass the samples to the callback and play nothing
_DON_T_EXIT = 0x8000  # espeak_Initialize: report a failure instead of ending the process
_UTF8 = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4  # espeak_PARAMETER
_LONGEST_PATH = 120  # espeak-ng truncates paths of its data, file names included, at 160 bytes
_FULL_SCALE = 32768.0

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_lock = threading.Lock()


@dataclass(frozen=True)
class Request:
    """All parameters of one utterance, in espeak-ng's own units."""

    text: str
    language: str
    """Language of espeak-ng, such as ``en-us`` or ``de``."""
    variant: str
    """Voice variant, such as ``m1``."""
    rate: int = 175
    """Words a minute, from 80."""
    pitch: int = 50
    """Base pitch of the variant's range, 0 to 99; 50 is the variant's own."""
    intonation: int = 50
    """How far the pitch moves, 0 (monotone) to 99."""
    volume: int = 100
    """Amplitude in percent of the usual one."""
    noise: int = 1
    """Seed of the breath noise."""


def say(request: Request) -> NDArray[np.float64]:
    """Return the samples of one utterance, shape (n,), full scale 1, at ``SAMPLE_RATE``.

    The result depends only on the request and the installed espeak-ng: not on earlier calls, the process or the
    clock. Calls from several threads run one after the other.

    Raises
    ------
    RuntimeError
        If espeak-ng does not start, does not know the voice, or returns silence.
    """
    blocks: list[NDArray[np.int16]] = []

    def keep(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if samples and count > 0:
            blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    if not (_data_folder() / "voices" / "!v" / request.variant).is_file():
        # For an unknown variant espeak-ng uses its default voice and reports no error.
        raise RuntimeError(f"espeak-ng has no voice variant {request.variant!r}")
    callback = _Callback(keep)
    text = request.text.encode()
    with _lock, _fresh_library() as library:
        library.espeak_SetSynthCallback(callback)
        if library.espeak_SetVoiceByName(f"{request.language}+{request.variant}".encode()) != 0:
            raise RuntimeError(f"espeak-ng has no language {request.language!r}")
        library.espeak_ng_SetRandSeed(ctypes.c_long(request.noise))
        for parameter, value in (
            (_RATE, request.rate),
            (_PITCH, request.pitch),
            (_RANGE, request.intonation),
            (_VOLUME, request.volume),
        ):
            library.espeak_SetParameter(parameter, value, 0)
        library.espeak_Synth(text, ctypes.c_size_t(len(text) + 1), 0, 1, 0, _UTF8, None, None)
    if not any(block.any() for block in blocks):
        raise RuntimeError(f"espeak-ng said nothing to {request}")
    return np.concatenate(blocks) / _FULL_SCALE


@cache
def fingerprint() -> str:
    """Return a hash of the installed espeak-ng: its code, phonemes, dictionaries and voices."""
    digest = hashlib.sha256()
    data = _data_folder()
    names = ("phondata", "phonindex", "phontab", "intonations", "en_dict", "de_dict")
    variants = sorted(path for path in (data / "voices" / "!v").iterdir() if path.is_file())
    for path in (Path(espeakng_loader.get_library_path()), *(data / name for name in names), *variants):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def _fresh_library() -> Iterator[ctypes.CDLL]:
    """Load and initialise the library, and unload it, so that the next one starts with zeroed memory."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    try:
        if library.espeak_ng_GetSampleRate() != 0:
            raise RuntimeError("espeak-ng is in use elsewhere in this process; its state would leak into ours")
        data = os.fsencode(_short_path(_data_folder()))
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DON_T_EXIT)
        if rate != SAMPLE_RATE:
            raise RuntimeError(f"espeak-ng did not start with the data in {os.fsdecode(data)}")
        yield library
        library.espeak_Terminate()
    finally:
        _unload(library)


def _unload(library: ctypes.CDLL) -> None:
    """Unload a library; ctypes has no public function for it, and its private one depends on the system."""
    import _ctypes

    unload: Any = getattr(_ctypes, "FreeLibrary", None) or getattr(_ctypes, "dlclose")  # noqa: B009
    unload(library._handle)


def _data_folder() -> Path:
    return Path(espeakng_loader.get_data_path())


@cache
def _short_path(folder: Path) -> Path:
    """Return a path that fits into espeak-ng's buffer: ``folder`` itself, a link to it or a copy of it."""
    if len(os.fsencode(folder)) <= _LONGEST_PATH:
        return folder
    home = Path(tempfile.mkdtemp(prefix="espeak-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    link = home / "espeak-ng-data"
    try:
        link.symlink_to(folder, target_is_directory=True)
    except OSError:  # on Windows links need a privilege
        shutil.copytree(folder, link)
    return link
