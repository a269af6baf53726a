"""Folders of generated code are reused, and never shared at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from models.engines.genn.edits import GennChanged, replace_once
from models.engines.genn.folders import FOLDER_VARIABLE, CodeFolder

HOLD = """
import sys, time
from models.engines.genn.folders import CodeFolder
folder = CodeFolder.take("abc")
print(folder.path.name, flush=True)
time.sleep(60)
"""


class Model:
    """The part of mlGeNN's models that edits read."""

    def __init__(self, code: str) -> None:
        self.model = {"sim_code": code}


def test_a_folder_is_used_again_once_it_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    first = CodeFolder.take("abc")
    second, other = CodeFolder.take("abc"), CodeFolder.take("def")
    assert len({first.path, second.path, other.path}) == len({first.name, second.name, other.name}) == 3
    (first.path / "kept").touch()
    first.release()
    again = CodeFolder.take("abc")
    assert again.path == first.path
    assert (again.path / "kept").exists()
    for folder in (again, second, other):
        folder.release()
        folder.release()


def test_a_folder_can_be_given_back_by_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network may be collected in any thread."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    taken = CodeFolder.take("abc")
    thread = threading.Thread(target=taken.release)
    thread.start()
    thread.join()
    again = CodeFolder.take("abc")
    assert again.path == taken.path
    again.release()


def test_processes_get_folders_of_their_own_and_a_killed_one_gives_its_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    command = [sys.executable, "-c", HOLD]
    holders = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) for _ in range(3)]
    try:
        names = {holder.stdout.readline().strip() for holder in holders if holder.stdout}
        assert names == {"abc-0", "abc-1", "abc-2"}
        mine = CodeFolder.take("abc")
        assert mine.path.name == "abc-3"
        mine.release()
    finally:
        for holder in holders:
            holder.send_signal(signal.SIGKILL)
            holder.wait()
    mine = CodeFolder.take("abc")
    assert mine.path.name == "abc-0"
    mine.release()


def test_another_mlgenn_is_noticed() -> None:
    model = Model("V = 1;")
    replace_once(model, "sim_code", "V = 1;", "V = 2;")
    assert model.model["sim_code"] == "V = 2;"
    for code in ("V = 2;", "V = 1; V = 1;"):
        with pytest.raises(GennChanged, match="V = 1"):
            replace_once(Model(code), "sim_code", "V = 1;", "V = 2;")
