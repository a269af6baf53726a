"""Speech from espeak-ng, through ctypes, in memory: the same request always gives the same samples.

espeak-ng keeps state from one synthesis to the next that no call resets (the phase of the flutter of the
pitch, an automatic gain), and seeds its breath noise from the clock. Every utterance here therefore gets a
library of its own: loaded, initialised, seeded, asked once, unloaded. That costs about 2 ms.
"""

from __future__ import annotations

import _ctypes
import atexit
import ctypes
import hashlib
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 22050
"""Hz, espeak-ng's own."""

_SYNCHRONOUS = 2  # espeak_AUDIO_OUTPUT: hand the samples to the callback, play nothing
_DON_T_EXIT = 0x8000  # espeak_Initialize: report a failure instead of ending the process
_UTF8 = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4  # espeak_PARAMETER
_LONGEST_PATH = 120  # espeak-ng cuts the path of its data off at 160 bytes, file names included
_FULL_SCALE = 32768.0

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_lock = threading.Lock()


@dataclass(frozen=True)
class Request:
    """Everything that one utterance depends on, in espeak-ng's own units.

    Attributes
    ----------
    text : str
        What to say.
    language : str
        A language of espeak-ng, such as ``en-us`` or ``de``.
    variant : str
        A voice variant, such as ``m1``.
    rate : int
        Words a minute, from 80; espeak-ng's usual rate is 175.
    pitch : int
        Base pitch of the variant's range, 0 to 99; 50 is the variant's own.
    intonation : int
        How far the pitch moves, 0 (monotone) to 99; 50 is usual.
    volume : int
        Amplitude in percent of the usual one.
    noise : int
        Seed of the breath noise.
    """

    text: str
    language: str
    variant: str
    rate: int = 175
    pitch: int = 50
    intonation: int = 50
    volume: int = 100
    noise: int = 1


def say(request: Request) -> NDArray[np.float64]:
    """Return the samples of one utterance, shape (n,), full scale 1, at ``SAMPLE_RATE``.

    The result depends on nothing but the request and the installed espeak-ng: not on what was said before,
    the process or the clock. May be called from several threads, which take turns.

    Raises
    ------
    RuntimeError
        If espeak-ng doesn't start, doesn't know the voice, or says nothing.
    """
    blocks: list[NDArray[np.int16]] = []

    def keep(samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int | None) -> int:
        if samples and count > 0:
            blocks.append(np.ctypeslib.as_array(samples, (count,)).copy())
        return 0

    if not (_data_folder() / "voices" / "!v" / request.variant).is_file():
        # espeak-ng itself takes an unknown variant without a word and speaks with its default voice.
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
    """Load the library, initialised, and unload it, so that the next one starts from zeroed memory."""
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    try:
        if library.espeak_ng_GetSampleRate() != 0:
            raise RuntimeError("espeak-ng is in use elsewhere in this process; its state would leak into ours")
        data = str(_short_path(_data_folder())).encode()
        rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DON_T_EXIT)
        if rate != SAMPLE_RATE:
            raise RuntimeError(f"espeak-ng did not start with the data in {data.decode()}")
        yield library
        library.espeak_Terminate()
    finally:
        if sys.platform == "win32":
            _ctypes.FreeLibrary(library._handle)
        else:
            _ctypes.dlclose(library._handle)


def _data_folder() -> Path:
    return Path(espeakng_loader.get_data_path())


@cache
def _short_path(folder: Path) -> Path:
    """Return a path to ``folder`` that fits into espeak-ng's buffer: itself, or a link to it."""
    if len(str(folder).encode()) <= _LONGEST_PATH:
        return folder
    home = Path(tempfile.mkdtemp(prefix="espeak-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    link = home / "espeak-ng-data"
    link.symlink_to(folder, target_is_directory=True)
    return link
