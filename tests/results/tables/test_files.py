from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.errors import InputError
from results.tables.files import check_runs, read_csv, read_json, write_csv

LOOKS_MISSING = ["null", "nan", "NA", "None", "n/a", "NULL", "1", "007", "a, b", 'say "no"', "é"]


def test_words_come_back_whatever_they_look_like_and_what_is_missing_stays_so(tmp_path: Path) -> None:
    numbers = [float("nan"), *range(len(LOOKS_MISSING) - 1)]
    table = pd.DataFrame({"word": LOOKS_MISSING, "accuracy": numbers})
    write_csv(tmp_path / "words.csv", table)
    again = read_csv(tmp_path / "words.csv", ("word",))
    assert again["word"].tolist() == LOOKS_MISSING
    assert again["accuracy"].tolist() == pytest.approx(numbers, nan_ok=True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is missing"),
        ("", "is not a table"),
        ("word,accuracy\na,1\nb,2,3\n", "is not a table"),
        ("word\na\n", "has no column accuracy"),
        (b"word,accuracy\n\xff\xfe\x00,1\n", "is not a table"),
    ],
)
def test_what_is_no_such_table_is_said_with_its_name(tmp_path: Path, content: str | bytes | None, said: str) -> None:
    path = tmp_path / "words.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=f"words.csv {said}"):
        read_csv(path, ("word",), ("word", "accuracy"))


def test_a_run_that_is_cut_off_or_there_twice_is_refused() -> None:
    rows = pd.DataFrame(
        {"variant": ["a", "a", "b"], "seed": [1, 2, 1], "held": "test", "accuracy": 0.5, "failed": [None, None, None]}
    )
    check_runs(Path("runs.csv"), rows)
    failed = rows.assign(accuracy=[0.5, np.nan, 0.5], failed=[None, "no longer numbers", None])
    check_runs(Path("runs.csv"), failed)
    with pytest.raises(InputError, match=r"runs.csv, line 3: a run has neither"):
        check_runs(Path("runs.csv"), rows.assign(accuracy=[0.5, np.nan, 0.5]))
    with pytest.raises(InputError, match=r"runs.csv, line 3: .* is there twice"):
        check_runs(Path("runs.csv"), rows.assign(seed=1))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is not JSON"), (b"\xff", "is not JSON"), (b"[]", "has no rows"), (b"{}", "has no rows")],
)
def test_json_that_is_damaged_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "peers.json"
    with pytest.raises(InputError, match=r"peers\.json is missing"):
        read_json(path, "rows")
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"peers\.json {words}"):
        read_json(path, "rows")
    path.write_bytes(b'{"rows": [1]}')
    assert read_json(path, "rows") == [1]
