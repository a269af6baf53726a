"""Names from data become one part of a path each, and different names different parts."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.folder_names import folder_name

ANY = st.text(st.characters() | st.sampled_from("./\\~:\0\n\udc80 "), max_size=300)


@pytest.mark.parametrize("name", ["jackson", "m1", "Annie", "0a7c2a8d", "4", "Zoë", "O'Brien", "ann lee", "ann.b-2_c"])
def test_usual_speakers_keep_their_folders(name: str) -> None:
    assert folder_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../../../../escaped",
        "/etc/passwd",
        "a/b",
        "..\\x",
        "C:x",
        "a\0b",
        "a\n",
        " a",
        "a.",
        "NUL",
        "\udcff",
    ],
)
def test_what_no_folder_can_be_called_gets_another_name(name: str) -> None:
    found = folder_name(name)
    assert "~" in found
    assert found.isascii()


@given(ANY)
def test_a_folder_is_one_part_of_a_path(name: str) -> None:
    found = folder_name(name)
    for path in (Path("runs"), PureWindowsPath("C:/runs")):
        assert (path / found).parent == path
        assert (path / found).name == found
    assert len(found.encode()) <= 200


@given(ANY, ANY)
def test_different_names_have_different_folders(one: str, other: str) -> None:
    assert (folder_name(one) == folder_name(other)) == (one == other)


@given(ANY)
def test_no_name_has_the_folder_that_another_was_given(name: str) -> None:
    given_folder = folder_name(name)
    assert given_folder == name or folder_name(given_folder) != given_folder
