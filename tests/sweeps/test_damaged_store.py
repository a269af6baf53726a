"""Stores with anything in them: each is read, or refused with the file and the line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import profiles
import pytest
from damage import damaged, refusal
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from sweeps.status import status_table
from sweeps.strategies import propose
from sweeps.sweep import Sweep

WHOLE = (Path(__file__).parent / "data" / "version-1-trials.jsonl").read_bytes()
LINES = WHOLE.splitlines()
VALUES = st.sampled_from([0, -1, 2**70, 1.5, float("nan"), None, True, "x", "", [], {}, [1], {"a": 1}, {"a": []}])


def use(sweep: Sweep) -> None:
    space, state = sweep.space(), sweep.state()
    random = space.search.model_copy(update={"strategy": "random"})
    propose(space.model_copy(update={"search": random}), state.points)
    status_table(sweep)


@st.composite
def changed(draw: st.DrawFn) -> bytes:
    """Return a store with up to three fields of events changed or removed."""
    events = [json.loads(line) for line in LINES]
    for _ in range(draw(st.integers(1, 3))):
        inside: Any = draw(st.sampled_from(events))
        while True:
            field = draw(st.sampled_from(sorted(inside)))
            if not isinstance(inside[field], dict) or not inside[field] or draw(st.booleans()):
                break
            inside = inside[field]
        if draw(st.booleans()) or len(inside) == 1:
            inside[field] = draw(VALUES)
        else:
            del inside[field]
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


@given(content=st.one_of(changed(), damaged([WHOLE])))
@profiles.examples(60)
def test_a_damaged_store_is_used_or_refused(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    sweep = Sweep(tmp_path_factory.getbasetemp() / "damaged-store")
    sweep.folder.mkdir(exist_ok=True)
    sweep.store.path.write_bytes(content)
    if message := refusal(lambda: use(sweep)):
        assert str(sweep.store.path) in message
        assert "\n" not in message


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            '{"event": "finish", "point": 0, "worker": "w", "status": "done", "error": "x"}',
            '"finish" has no valid "error"',
        ),
        ('{"event": "finish", "point": 0, "worker": "w", "status": "failed", "reason": null}', 'no valid "reason"'),
        (
            '{"event": "ask", "point": 1, "values": {"a": []}}',
            '"ask" has a value that is no number, text or truth value',
        ),
        ("[" * 5000, "too many levels"),
        ("1" * 5000, "too long a number"),
    ],
)
def test_a_line_that_passed_for_an_event_is_refused(line: str, sentence: str, tmp_path: Path) -> None:
    sweep = Sweep(tmp_path)
    proposed = '{"event": "ask", "point": 0, "values": {"a": 1}}'
    sweep.store.path.write_text("\n".join([LINES[0].decode(), proposed, line, proposed, ""]))
    with pytest.raises(InputError, match=r"trials\.jsonl, line 3, is damaged") as error:
        sweep.state()
    assert sentence in str(error.value)
