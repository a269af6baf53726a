"""Checkpoints with anything in them: each is read, or refused with one sentence that names it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import profiles
import pytest
from damage import damaged, refusal
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from pipeline.training.learned import FILE, Learned
from pipeline.training.run import Run

RUN = Path(__file__).parents[2] / "data" / "version-1" / "runs" / "words" / "39b71d2750e4-s1"
WHOLE = {name: (RUN / f"{name}.npz").read_bytes() for name in ("last", "best")}
PROGRESS = "progress.npy"
HUGE = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976,), }".ljust(117) + b"\n"


def members(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(WHOLE[name])) as file:
        return {member: file.read(member) for member in file.namelist()}


def zipped(parts: dict[str, bytes]) -> bytes:
    """Return a file of NumPy's with these members, their checksums right."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, part in parts.items():
            file.writestr(name, part)
    return content.getvalue()


def saved(array: Any) -> bytes:
    content = io.BytesIO()
    np.save(content, array)
    return content.getvalue()


def with_progress(name: str, **fields: Any) -> bytes:
    parts = members(name)
    progress = json.loads(np.load(io.BytesIO(parts[PROGRESS])).tobytes())
    parts[PROGRESS] = saved(np.frombuffer(json.dumps(progress | fields).encode(), dtype=np.uint8))
    return zipped(parts)


def refused(folder: Path, name: str, content: bytes) -> str:
    """Return why a run's checkpoint is refused, or nothing where it is read."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.npz").write_bytes(content)
    message = refusal(lambda: Run(folder).load(name))
    if message:
        assert f"{folder / name}.npz is damaged" in message
        assert "\n" not in message
        assert len(message) < 500
    return message


@given(data=st.data(), name=st.sampled_from(sorted(WHOLE)))
@profiles.examples(60)
def test_a_damaged_checkpoint_is_read_or_refused(
    data: st.DataObject, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parts = members(name)
    member = data.draw(st.sampled_from(sorted(parts)))
    content = data.draw(damaged([WHOLE[name], parts[member]]), "content")
    # Either the file is damaged or, with a checksum that is right, one of its members.
    inside = zipped(parts | {member: content})
    refused(tmp_path_factory.getbasetemp() / "damaged-run", name, data.draw(st.sampled_from([content, inside])))


VALUES = st.sampled_from([0, -1, 10**400, 1.5, float("nan"), None, True, "x", "", [], {}, [1], [{}], {"a": 1}])


@given(data=st.data(), name=st.sampled_from(sorted(WHOLE)), value=VALUES)
@profiles.examples(60)
def test_a_progress_of_other_values_is_read_or_refused(
    data: st.DataObject, name: str, value: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    known = (
        ["data", "epochs", "best_epoch", "best_score", "rows"] if name == "last" else ["epochs", "classes", "channels"]
    )
    field = data.draw(st.sampled_from([*known, "self"]))
    refused(tmp_path_factory.getbasetemp() / "damaged-run", name, with_progress(name, **{field: value}))


@pytest.mark.parametrize("member", ["weights/input_hidden.npy", PROGRESS])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\x93NUMPY\x01\x00v\x00" + HUGE, ""),
        (b"\x93NUMPY\x01\x00v\x00" + b"{'descr': ('<f4'".ljust(118, b"\n"), ""),
        (b"not of NumPy", "is no array of numbers"),
        (saved(np.array(["text"])), "is no array of numbers"),
    ],
)
def test_a_member_that_is_no_array_of_numbers_is_refused(
    member: str, content: bytes, sentence: str, tmp_path: Path
) -> None:
    assert sentence in (message := refused(tmp_path, "best", zipped(members("best") | {member: content})))
    assert message


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("best", "channels", -1),
        ("best", "classes", 5),
        ("best", "classes", [1]),
        ("best", "epochs", [1]),
        ("last", "best_score", [1.0]),
        ("last", "rows", [1]),
        ("last", "unknown", 1),
    ],
)
def test_a_field_of_the_progress_that_is_not_as_written_is_named(
    name: str, field: str, value: object, tmp_path: Path
) -> None:
    assert f"it has no valid {field}" in refused(tmp_path, name, with_progress(name, **{field: value}))


def test_what_a_run_has_learned_from_is_read_or_refused(tmp_path: Path) -> None:
    for content in (b"", b"PK", WHOLE["best"], zipped({"training.npy": b"\x93NUMPY\x01\x00v\x00" + HUGE})):
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(InputError, match=r"recordings\.npz, which says what the run learned from, is damaged"):
            Learned.read(Run(tmp_path))
