"""The store: nothing that was accepted is lost, nothing is there twice, whoever dies."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from multiprocessing.process import BaseProcess
from pathlib import Path

import forked
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_spaces import space
from sweep_writer import write

from models.errors import InputError
from sweeps.store import Store
from sweeps.sweep import Sweep


def begun(path: Path) -> Store:
    store = Store(path / "trials.jsonl")
    with store.turn() as turn:
        turn.append("begin", space={})
    return store


def test_what_was_added_is_there_in_order(tmp_path: Path) -> None:
    store = begun(tmp_path)
    for number in range(5):
        with store.turn() as turn:
            assert len(turn.events) == number + 1
            turn.append("ask", point=number, values={"a": 0.1, "b": "x", "c": True})
    assert [event.get("point") for event in store.events()] == [None, 0, 1, 2, 3, 4]
    assert all(json.loads(line) for line in store.path.read_text().splitlines())


@given(cut=st.integers(1, 60))
def test_a_torn_last_line_is_passed_over_and_closed_by_the_next(
    cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = begun(tmp_path_factory.mktemp("torn"))
    with store.turn() as turn:
        turn.append("ask", point=0, values={"network.tau_mem": 12.5, "text": "a longer value"})
    whole = store.path.read_bytes()
    store.path.write_bytes(whole[:-cut])
    assert len(store.events()) == (2 if cut == 1 else 1)
    with store.turn() as turn:
        turn.append("ask", point=1 if cut == 1 else 0, values={})
    assert store.events()[-1]["point"] == (1 if cut == 1 else 0)
    assert len(store.events()) == (3 if cut == 1 else 2)


def test_another_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    path.write_text('{"event": "ask", "point": 0}\n')
    with pytest.raises(InputError, match=r"trials\.jsonl, line 1, .* a sweep's store starts with"):
        Store(path).events()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"garbage", "not JSON"),
        (b'{"event":"finish","time":1,"point":0,"wor', "not JSON"),
        (b"", "proposes"),
        (b"[1, 2]", "not an event"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"event":"finish","point":0,"worker":"a:1:0","status":"dome"}', '"dome"'),
        (b'{"event":"finish","worker":"a:1:0","status":"done"}', '"point"'),
        (b'{"event":"claim","point":-1,"worker":"a:1:0"}', "point -1"),
        (b'{"event":"score","point":0,"unit":"s1","epoch":"first","error":0.5}', '"epoch"'),
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_written(line: bytes, words: str, tmp_path: Path) -> None:
    store = begun(tmp_path)
    with store.turn() as turn:
        for point in range(2):
            turn.append("ask", point=point, values={})
    lines = store.path.read_bytes().split(b"\n")
    damaged = b"\n".join([*lines[:1], line, *lines[2:]] if words == "proposes" else [*lines[:2], line, *lines[2:]])
    store.path.write_bytes(damaged)
    with pytest.raises(InputError, match=rf"trials\.jsonl, line 3, is damaged: .*{words}"):
        store.events()
    with pytest.raises(InputError, match="line 3"), store.turn():
        pytest.fail("a damaged store gives nobody a turn")
    assert store.path.read_bytes() == damaged


def test_a_store_in_another_encoding_is_refused_and_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    store = begun(tmp_path)
    text, events = store.path.read_text(), store.events()
    for encoding in ("utf-16", "utf-16-le", "utf-32"):
        store.path.write_text(text, encoding=encoding)
        with pytest.raises(InputError, match=r"trials\.jsonl, line 1, is damaged"):
            store.events()
    store.path.write_text(text.replace("\n", "\r\n"), encoding="utf-8-sig")
    assert store.events() == events


def test_a_full_disk_is_told_with_the_file_and_loses_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    store = begun(tmp_path)
    before = store.events()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (store.path.stat().st_size + 9, limits[1]))
    try:
        with pytest.raises(OSError, match=r"too large: .*trials\.jsonl"), store.turn() as turn:
            turn.append("ask", point=0, values={})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert store.events() == before
    with store.turn() as turn:
        turn.append("ask", point=0, values={})
    assert len(store.events()) == len(before) + 1


def test_an_empty_store_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path))
    made = space()
    sweep = Sweep.of(made)
    sweep.begin(made)
    sweep.store.path.write_bytes(b"")
    with pytest.raises(InputError, match=r"trials\.jsonl is empty; restore the file"):
        sweep.space()
    sweep.runs.mkdir()
    with pytest.raises(InputError, match=r"trials\.jsonl is empty"):
        sweep.begin(made)
    assert sweep.store.path.read_bytes() == b""
    sweep.runs.rmdir()
    sweep.begin(made)
    assert sweep.space() == made


def test_a_number_that_is_none_is_never_written(tmp_path: Path) -> None:
    store = begun(tmp_path)
    with store.turn() as turn, pytest.raises(ValueError, match="not JSON compliant"):
        turn.append("score", error=float("nan"))
    assert len(store.events()) == 1


def test_ten_writers_that_are_killed_at_random_lose_nothing_and_do_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path))
    made = space(budget={"points": 150}, search={"strategy": "random", "lease": 5.0})
    sweep = Sweep.of(made)
    sweep.begin(made)
    rng = random.Random(3)
    notes: list[Path] = []

    def start() -> BaseProcess:
        notes.append(tmp_path / f"notes-{len(notes)}")
        writer = forked.CONTEXT.Process(target=write, args=(sweep.folder, notes[-1]))
        writer.start()
        return writer

    writers = [start() for _ in range(10)]
    deadline, kills = time.monotonic() + 300, 0
    while not sweep.is_over():
        assert time.monotonic() < deadline, "the writers do not get on"
        time.sleep(rng.uniform(0.01, 0.05))
        place = rng.randrange(len(writers))
        if kills < 25 and writers[place].is_alive() and len(sweep.state().finished) > kills * 4:
            writers[place].kill()
            writers[place].join()
            kills += 1
            writers[place] = start()
    for writer in writers:
        writer.join(300)
        assert writer.exitcode == 0
    assert kills > 10
    accepted = [int(line) for note in notes if note.exists() for line in note.read_text().split()]
    finishes = Counter(event["point"] for event in sweep.store.events() if event["event"] == "finish")
    assert set(finishes) == set(range(150))
    assert set(finishes.values()) == {1}
    assert len(accepted) == len(set(accepted))
    assert set(accepted) <= set(finishes)
    state = sweep.state()
    assert all(state.points[number].error == number / 1000 for number in accepted)
    asked = [event["point"] for event in sweep.store.events() if event["event"] == "ask"]
    assert asked == list(range(150))
