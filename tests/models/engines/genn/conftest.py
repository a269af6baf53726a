"""Tests keep their generated code in a folder of their own, so that a network is built once for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.engines.genn.folders import FOLDER_VARIABLE


@pytest.fixture(scope="session", autouse=True)
def code_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(tmp_path_factory.mktemp("genn")))
        yield
