"""Machine code of kernels on disk: verified when it is read, compiled again where it is damaged, stale or missing.

Numba's own cache trusts its files: a damaged one ends the process or every later command, since machine code that is
not what a compiler wrote can't be loaded safely. It does not see changes in the modules that a kernel calls either.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pickle
import tempfile
import uuid
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar

from numba.core import caching
from numba.core.serialize import dumps

from models.kernels import elsewhere
from models.kernels.sources import stamp

_log = logging.getLogger(__name__)

_DIGEST = 32
"""Bytes of the hash that a file begins with."""


class KernelCache(caching.FunctionCache):  # type: ignore[misc]
    """Keeps the machine code of one kernel by signature and processor; without any folder to write to, nothing.

    Nothing is looked up on disk before the kernel is called for the first time.
    """

    def __init__(self, function: Any) -> None:
        self._py_func = function
        self._name = repr(function)
        self.enable()

    @cached_property
    def _impl(self) -> Any:
        return _Code(self._py_func)

    @property
    def _cache_path(self) -> str:
        return str(self._impl.locator.get_cache_path())

    @property
    def cache_path(self) -> str | None:
        """The folder; None where there is none that can be written to."""
        with contextlib.suppress(_NoFolder):
            return self._cache_path
        return None

    @cached_property
    def _cache_file(self) -> _Files:
        return _Files(Path(self._cache_path), self._impl.filename_base, self._impl.locator.get_source_stamp())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled code for a signature, made by another process if need be; None where that can't be."""
        found = self._load(sig, target_context)
        if found is None and self.cache_path is not None and elsewhere.compiled(self._py_func, sig):
            found = self._load(sig, target_context)
            if found is None:
                elsewhere.compile_here()
        return found

    def _load(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # Whatever unpickling raises: the kernel is compiled anew.
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep compiled code, if it can be kept."""
        try:
            super().save_overload(sig, data)
        except _NoFolder as error:
            _say(str(error))
        except OSError as error:
            _say(
                f"{self._cache_path}: {error.strerror or error}; compiled kernels are not kept there, so every command "
                "compiles them again (the environment variable NUMBA_CACHE_DIR names another folder)"
            )


class _Files:
    """The files of one kernel, one a signature and processor: a hash, then pickled machine code."""

    def __init__(self, folder: Path, name: str, stamp: bytes) -> None:
        self._folder, self._name, self._stamp = folder, name, stamp

    def load(self, key: object) -> Any:
        """Return what was saved for a key; None where the file is missing or damaged."""
        try:
            content = self._path(key).read_bytes()
        except OSError:
            return None
        sealed, payload = content[:_DIGEST], content[_DIGEST:]
        return pickle.loads(payload) if sealed == self._seal(key, payload) else None

    def save(self, key: object, data: object) -> None:
        """Write data for a key, whole or not at all; remove what older sources gave."""
        payload = dumps(data)
        path = self._path(key)
        part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}.part")
        try:
            part.write_bytes(self._seal(key, payload) + payload)
            os.replace(part, path)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        for stale in self._folder.glob(f"{self._name}.*.kernel"):
            if not stale.name.startswith(self._prefix):
                stale.unlink(missing_ok=True)

    def flush(self) -> None:
        """Remove everything."""
        for file in self._folder.glob(f"{self._name}.*.kernel"):
            file.unlink(missing_ok=True)

    @property
    def _prefix(self) -> str:
        return f"{self._name}.{self._stamp.hex()[:12]}"

    def _path(self, key: object) -> Path:
        return self._folder / f"{self._prefix}.{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.kernel"

    def _seal(self, key: object, payload: bytes) -> bytes:
        return hashlib.sha256(self._stamp + repr(key).encode() + payload).digest()


class _Stamped:
    """Makes a locator of Numba's see changes in all that a kernel is compiled from."""

    _py_file: str

    _lineno: int

    def get_source_stamp(self) -> bytes:
        return hashlib.sha256(stamp(Path(self._py_file).resolve()) + str(self._lineno).encode()).digest()

    def get_disambiguator(self) -> str:
        return "kernel"  # Not the line, by which a file that an older source gave would not be found.


class _Named(_Stamped, caching.UserProvidedCacheLocator):  # type: ignore[misc]
    """The folder that NUMBA_CACHE_DIR names."""


class _InTree(_Stamped, caching.InTreeCacheLocator):  # type: ignore[misc]
    """``__pycache__`` beside the source."""


class _OfUser(_Stamped, caching.UserWideCacheLocator):  # type: ignore[misc]
    """The user's folder of caches."""


class _Temporary(_InTree):
    """A folder among temporary files, where no other can be written."""

    def get_cache_path(self) -> str:
        return os.path.join(_temporary_folder(), self.get_suitable_cache_subpath(self._py_file))


class _NoFolder(RuntimeError):
    """There is no folder that compiled code can be written to."""


class _Code(caching.CompileResultCacheImpl):  # type: ignore[misc]
    """Turns compiled code into bytes and back, and finds the folder."""

    _locator_classes: ClassVar = [_Named, _InTree, _OfUser, _Temporary]

    def __init__(self, function: Any) -> None:
        try:
            super().__init__(function)
        except RuntimeError:
            raise _NoFolder(
                "there is no folder that compiled kernels can be kept in, so every command compiles them again (the "
                "environment variable NUMBA_CACHE_DIR names one)"
            ) from None


@lru_cache(maxsize=1)
def _temporary_folder() -> str:
    """Return a folder among temporary files that only this user can write to, and say that it is used."""
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "")
    folder = Path(tempfile.gettempdir()) / f"spoken-spikes-kernels-{user}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    about = folder.lstat()
    if hasattr(os, "getuid") and (about.st_uid != os.getuid() or about.st_mode & 0o77):
        folder = Path(tempfile.mkdtemp(prefix="spoken-spikes-kernels-"))
    _say(
        f"neither the checkout nor the home folder can be written to: compiled kernels are kept in {folder} (the "
        "environment variable NUMBA_CACHE_DIR names another folder)"
    )
    return str(folder)


@lru_cache(maxsize=1)
def _say(sentence: str) -> None:
    """Log a warning, once."""
    _log.warning("%s", sentence)
