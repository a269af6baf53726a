"""A file that can't be written is named as the user knows it, and leaves nothing behind."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pipeline.data.atomic import UnwritableError, kept_if_possible, write_atomically


@pytest.fixture
def unwritable(tmp_path: Path) -> Path:
    """A path where a folder is."""
    path = tmp_path / "score.json"
    path.mkdir()
    return path


def test_the_error_names_the_file_and_nothing_temporary(unwritable: Path) -> None:
    with pytest.raises(UnwritableError) as caught:
        write_atomically(unwritable, [b"0.9"])
    assert caught.value.filename == str(unwritable)
    assert not list(unwritable.parent.rglob("*.part"))


def test_the_error_names_the_folder_that_cant_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableError) as caught:
        write_atomically(tmp_path / "file" / "score.json", [b"0.9"])
    assert caught.value.filename == str(tmp_path / "file")


def test_a_result_that_cant_be_kept_is_a_warning(unwritable: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), kept_if_possible():
        write_atomically(unwritable, [b"0.9"])
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert caplog.messages[0].startswith(f"{unwritable} can't be written (")


def test_an_error_of_reading_is_none_of_writing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), kept_if_possible():
        (tmp_path / "none.csv").read_bytes()
