"""Compiled code is kept, verified when it is read, and made anew where it is damaged, stale or can't be kept."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from numba.core.dispatcher import Dispatcher

from models.kernels import cache, elsewhere, sources

CALLING = """
from called import FACTOR, twice
from models.kernels import kernel

@kernel()
def answer(x):
    return FACTOR * twice(x)
"""

CALLED = """
from models.kernels import kernel
FACTOR = 7

@kernel()
def twice(x):
    return 2 * x
"""

MODULES = ("calling", "called")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two modules with kernels, of which one calls the other."""
    (tmp_path / "calling.py").write_text(CALLING)
    (tmp_path / "called.py").write_text(CALLED)
    monkeypatch.setattr(sources, "ROOT", tmp_path)
    monkeypatch.setattr(elsewhere._compiler, "usable", False)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    return tmp_path


def answer() -> tuple[int, int]:
    """Return what the kernel answers when its module is imported anew, and how often code was found in the cache."""
    for function in (sources.stamp, sources._imported, sources._content, cache._say, cache._temporary_folder):
        function.cache_clear()
    for name in MODULES:
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    calling = importlib.import_module("calling")
    return calling.answer(3), sum(calling.answer.stats.cache_hits.values())


def kept(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.kernel"))


def test_compiled_code_is_kept(folder: Path) -> None:
    assert answer() == (42, 0)
    assert len(kept(folder)) == 2
    assert answer() == (42, 1)


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def one_bit(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [lambda _: b"", half, lambda content: bytes(len(content)), one_bit])
def test_a_damaged_file_is_noticed_and_made_anew(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    answer()
    for file in kept(folder):
        file.write_bytes(damage(file.read_bytes()))
    assert answer() == (42, 0)
    assert answer() == (42, 1)


def test_files_in_each_others_place_are_noticed(folder: Path) -> None:
    answer()
    one, other = kept(folder)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    assert answer() == (42, 0)


def test_what_can_not_be_unpickled_any_more_is_made_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An update may take a class away that a file names."""
    gone = b"cnumba\nGone\n."
    with monkeypatch.context() as patch:
        patch.setattr(cache, "dumps", lambda data: gone)
        answer()
    assert all(file.read_bytes().endswith(gone) for file in kept(folder))
    assert answer() == (42, 0)
    assert answer() == (42, 1)


def test_changes_in_all_that_a_kernel_is_compiled_from_are_seen(folder: Path) -> None:
    answer()
    called = folder / "called.py"
    called.write_text(CALLED.replace("2 * x", "3 * x"))
    assert answer() == (63, 0)
    called.write_text(called.read_text().replace("FACTOR = 7", "FACTOR = 80"))
    assert answer() == (720, 0)
    assert answer() == (720, 1)
    assert len(kept(folder)) == 2, "what older sources gave is removed"


@pytest.fixture
def blocked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where folders of compiled code would be are files, which stop the superuser, too."""
    (folder / "__pycache__").write_text("")
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, os.devnull)
    return folder


def test_where_nothing_can_be_written_code_is_kept_among_temporary_files(
    blocked: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    temporary = blocked / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    for hits in (0, 1):
        caplog.clear()
        assert answer() == (42, hits)
        (record,) = caplog.records
        assert f"compiled kernels are kept in {temporary}" in record.getMessage()
    if hasattr(os, "getuid"):
        (place,) = temporary.iterdir()
        assert place.stat().st_mode & 0o77 == 0
        place.chmod(0o777)
        assert answer() == (42, 0), "what others may have written is not loaded"


def test_without_any_folder_kernels_are_compiled_each_time(
    blocked: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(blocked / "calling.py"))
    assert answer() == (42, 0)
    assert answer() == (42, 0)
    assert {record.getMessage().split(",")[0] for record in caplog.records} == {
        "there is no folder that compiled kernels can be kept in"
    }


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_with_the_folder_and_stops_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", lambda _, content: os.write(full, content))
        assert answer() == (42, 0)
    (record,) = caplog.records
    assert record.getMessage().startswith(
        f"{folder / '__pycache__'}: No space left on device; compiled kernels are not"
    )
    assert not list(folder.rglob("*.part"))


def test_the_stamp_covers_the_sources_of_all_kernels_that_a_kernel_calls() -> None:
    """Followed through the kernels' own globals, which is slow but misses nothing."""
    for name in ("models.engines.cpu.engine", "models.engines.exact.engine", "pipeline.cochlea"):
        importlib.import_module(name)
    modules = [module for name, module in sys.modules.items() if name.startswith(("models.", "pipeline."))]
    kernels = {id(f): f for module in modules for f in vars(module).values() if isinstance(f, Dispatcher)}

    def called(kernel: Dispatcher) -> list[Dispatcher]:
        found, left = {}, [kernel]
        while left:
            function = left.pop()
            if id(function) not in found:
                found[id(function)] = function
                names = [function.py_func.__globals__.get(name) for name in function.py_func.__code__.co_names]
                left += [value for value in names if isinstance(value, Dispatcher)]
        return list(found.values())

    assert len(kernels) > 50
    for kernel in kernels.values():
        covered = sources._closure(Path(kernel.py_func.__code__.co_filename))
        missing = {Path(f.py_func.__code__.co_filename) for f in called(kernel)} - covered
        assert not missing, kernel
