"""Tables in Markdown."""

from __future__ import annotations

import pandas as pd

from results.tables.markdown import markdown


def test_a_table_has_header_rule_and_rows_and_no_nan() -> None:
    table = pd.DataFrame({"a_name": ["x", "y"], "value": [0.12345, float("nan")], "count": [3, 4]})
    assert markdown(table).splitlines() == [
        "| a name | value | count |",
        "| --- | --- | --- |",
        "| x | 0.123 | 3 |",
        "| y |  | 4 |",
    ]
    assert "| 1.2e-05 |" in markdown(pd.DataFrame({"v": [1.23e-5]}), ".2g")
