from pathlib import Path

import pandas as pd
import pytest

from results.files import read_csv, write_csv

LOOKS_MISSING = ["null", "nan", "NA", "None", "n/a", "NULL", "1", "007", "a, b", 'say "no"', "é"]


def test_words_come_back_whatever_they_look_like_and_what_is_missing_stays_so(tmp_path: Path) -> None:
    numbers = [float("nan"), *range(len(LOOKS_MISSING) - 1)]
    table = pd.DataFrame({"word": LOOKS_MISSING, "accuracy": numbers})
    write_csv(tmp_path / "words.csv", table)
    again = read_csv(tmp_path / "words.csv", ("word",))
    assert again["word"].tolist() == LOOKS_MISSING
    assert again["accuracy"].tolist() == pytest.approx(numbers, nan_ok=True)
