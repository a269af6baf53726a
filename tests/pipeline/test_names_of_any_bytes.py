"""Files and folders may be called by any bytes, and a terminal may have any encoding."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.console import AS_IT_IS, Console
from pipeline.data.names import composed
from results.__main__ import main as results_main

Command = Callable[..., Any]
ROOT = Path(__file__).parents[2]

RECIPE = """
name = "odd"
[data]
dataset = "audio"
root = "words"
trial = 200.0
[network]
hidden = 16
[network.initial]
input = {mean = 0.4, sd = 0.4}
[training]
epochs = 1
"""


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, whose name is no UTF-8: a config, and recordings whose words and speakers are none."""
    folder = tmp_path / os.fsdecode(b"odd\xff")
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    for number, word in enumerate((b"n\xfcn", "fünf".encode(), b"ok")):
        for place, speaker in enumerate((b"ren\xe9", b"cia", b"dan", b"max")):
            for take in range(3):
                path = folder / os.fsdecode(b"words/" + word + b"/" + speaker + b"_%d.wav" % take)
                path.parent.mkdir(parents=True, exist_ok=True)
                tone = np.sin(2 * np.pi * (400 + 900 * number + 30 * place + 10 * take) * np.arange(1200) / 8000)
                with path.open("wb") as file:
                    soundfile.write(file, 0.3 * tone, 8000, format="WAV")
    (folder / "odd.toml").write_text(RECIPE)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(folder / "runs"))
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(folder / "cache"))
    return folder


def test_bytes_that_are_no_text_are_written_as_they_are() -> None:
    written = "x\udce9 fünf \u4e00 \ud800".encode("ascii", AS_IT_IS)
    assert written == rb"x" + b"\xe9" + rb" f\xfcnf \u4e00 \ud800"


@pytest.mark.parametrize(
    ("name", "shown"), [(b"n\xfcn", r"n\xfcn"), ("fünf".encode(), "fünf"), ("fu\u0308nf".encode(), "fünf")]
)
def test_names_of_words_are_text_whatever_their_bytes(name: bytes, shown: str) -> None:
    assert composed(name.decode(errors="surrogateescape")) == shown
    assert composed(name.decode("ascii", errors="surrogateescape")) == shown, "the same in an ASCII locale"


def test_every_command_takes_them(odd: Path, in_process: Callable[..., Command], pipeline: Command) -> None:
    answer = pipeline("data", "audio", "--root", odd / "words")
    assert answer.code == 0, answer
    for name in (r"n\xfcn", "fünf", r"ren\xe9"):
        assert f"│ {name} " in answer.out
    answer = pipeline("train", "odd.toml")
    assert answer.code == 0, answer
    run = next((odd / "runs" / "odd").glob("*-s1"))
    assert pipeline("evaluate", run, "--split", "test").code == 0
    recording = next((odd / "words" / "ok").iterdir()).rename(odd / os.fsdecode(b"x\xe9.wav"))
    answer = pipeline("classify", run, recording, recording.with_stem("none"), "--json", "--plot", odd / "pictures")
    assert answer.code == 1, answer
    assert [Path(json.loads(line)["file"]).parent for line in answer.out.splitlines()] == [odd, odd]
    assert [path.name for path in (odd / "pictures").iterdir()] == [os.fsdecode(b"x\xe9.png")]
    results = in_process("results", results_main)
    answer = results("crossval", "odd.toml", "--workers", 1)
    assert answer.code == 0, answer
    assert r"ren\xe9" in (run / "crossval.csv").read_text(encoding="utf-8") + answer.out


def test_a_folder_that_a_config_cant_name_is_refused(odd: Path, pipeline: Command) -> None:
    sentence = pipeline("train", "odd.toml", "--set", f"data.root={odd / 'words'}").sentence
    assert "data.root is " in sentence
    assert "start the command in that folder with data.root=." in sentence


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=["terminal", "locale"],
)
def test_terminals_that_know_ascii_only(odd: Path, pipeline: Command, environment: dict[str, str]) -> None:
    assert pipeline("train", "odd.toml").code == 0
    run = next((odd / "runs" / "odd").glob("*-s1"))
    recording = next((odd / "words" / "ok").iterdir()).rename(odd / os.fsdecode(b"fu\xc3\xbc\xe9.wav"))
    command = [sys.executable, "-m", "pipeline", "classify", run.relative_to(odd), recording.name, "n\xfcll"]
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run(command, env=surroundings, capture_output=True)
    assert done.returncode == 1, done
    assert b"Traceback" not in done.stderr
    assert b"error: n" in done.stderr
    assert b"\xe9.wav: " in done.stdout
    assert b"| n\\xfcn |" in done.stdout
    assert b"| f\\xfcnf " in done.stdout


def test_spinners_and_tables_have_characters_of_the_encoding() -> None:
    for encoding, spinner in (("ascii", "line"), ("utf-8", "dots")):
        assert Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding)).spinner == spinner
