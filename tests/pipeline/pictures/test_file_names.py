"""Pictures of recordings never replace one another."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.pictures.file_names import picture_names


def test_names_are_those_of_the_recordings():
    assert picture_names(["yes", "no"]) == ["yes.png", "no.png"]


def test_recordings_of_one_name_are_told_apart_by_their_place():
    assert picture_names(["yes", "no", "Yes"]) == ["yes-1.png", "no.png", "Yes-3.png"]


def test_a_place_does_not_give_the_name_of_another_recording():
    assert picture_names(["a", "a", "a-2"]) == ["a-1.png", "a-2+.png", "a-2.png"]


@given(st.lists(st.text(st.sampled_from("aA-123.+ü"), min_size=1, max_size=260)))
def test_any_names_differ_and_fit(recordings):
    names = picture_names(recordings)
    assert len({name.casefold() for name in names}) == len(recordings)
    assert all(len(name.encode(errors="surrogateescape")) <= 230 for name in names)
    assert all(Path("folder", name).parent == Path("folder") for name in names)
