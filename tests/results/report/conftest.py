"""The report, written once."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from pipeline.console import Console
from results.report.report import report


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report(Console(file=io.StringIO()), tmp_path_factory.mktemp("report") / "report.html")
