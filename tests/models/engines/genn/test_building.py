"""Code that can't be written is told with its folder; code that does not compile, with the compiler's message."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from models.engines.genn import building
from models.engines.genn.folders import FOLDER_VARIABLE, CodeFolder
from models.errors import InputError


class Model:
    """In place of GeNN's: the compiler prints, then fails."""

    def __init__(self, said: str, error: Exception) -> None:
        self.said, self.error = said, error

    def build(self, path_to_model: str) -> None:
        os.write(1, self.said.encode())
        raise self.error


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CodeFolder:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return CodeFolder.take("key")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))),
        ("cc1plus: fatal error: error writing to a.s: No space left on device", RuntimeError("make failed")),
    ],
)
def test_a_full_disk_is_told_with_the_folder(folder: CodeFolder, said: str, error: Exception) -> None:
    with pytest.raises(InputError, match="No space left on device; the code that GeNN generates") as told:
        building.build(Model(said, error), folder, "single_threaded_cpu")
    assert str(told.value).startswith(f"{folder.path}: ")
    assert FOLDER_VARIABLE in str(told.value)


def test_a_disk_without_room_is_told_whatever_the_compiler_says(
    folder: CodeFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "LEAST_SPACE", 10**30)
    with pytest.raises(InputError, match="No space left on device"):
        building.build(Model("error: expected }", RuntimeError("make failed")), folder, "single_threaded_cpu")


def test_a_folder_that_can_not_be_written_is_told(folder: CodeFolder) -> None:
    (folder.path / "build.log").mkdir()
    with pytest.raises(InputError, match="Is a directory; the code that GeNN generates can't be written there"):
        building.build(Model("", RuntimeError()), folder, "single_threaded_cpu")


def test_what_does_not_compile_is_told_in_the_compilers_words(folder: CodeFolder) -> None:
    with pytest.raises(InputError, match=r"does not compile: model\.cc:3: error: expected"):
        building.build(Model("model.cc:3: error: expected }", RuntimeError()), folder, "single_threaded_cpu")
