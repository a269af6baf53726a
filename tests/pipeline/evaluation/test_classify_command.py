"""``classify`` looks at every file, names each that can't be used, and needs Matplotlib for pictures only."""

from __future__ import annotations

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

Pipeline = Callable[..., Any]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def trained(words_config: Path, pipeline: Pipeline) -> Path:
    """The folder of a finished run of words."""
    answer = pipeline("train", words_config, "--set", "training.epochs=1")
    assert answer.code == 0, answer
    return Path(answer.out.strip())


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A recording that can be used."""
    path = tmp_path / "good.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 600 * np.arange(1200) / 16000), 16000)
    return path


@pytest.fixture
def bad(tmp_path: Path) -> list[Path]:
    """A silent one, and one that is not there."""
    soundfile.write(tmp_path / "silent.wav", np.zeros(1200), 16000)
    return [tmp_path / "silent.wav", tmp_path / "missing.wav"]


def test_every_file_is_looked_at_and_the_exit_code_tells_how_many_could_be_used(
    trained: Path, good: Path, bad: list[Path], pipeline: Pipeline
) -> None:
    answer = pipeline("classify", trained, good, *bad, good)
    assert answer.code == 1
    assert answer.out.count(f"{good}: ") == 2
    assert [line.split(" ")[:2] for line in answer.err.splitlines()] == [["error:", str(path)] for path in bad]
    assert pipeline("classify", trained, good, good).code == 0
    assert pipeline("classify", trained, *bad).code == 2


def test_a_recording_that_no_neuron_hears_gets_no_answer(trained: Path, tmp_path: Path, pipeline: Pipeline) -> None:
    soundfile.write(tmp_path / "click.wav", np.array([0.1, -0.1, 0.2, 0.0]), 16000)
    answer = pipeline("classify", trained, tmp_path / "click.wav", "--json")
    assert answer.code == 2
    assert "make no neuron spike" in json.loads(answer.out)["error"]


def test_json_has_an_object_with_the_error_for_each_bad_file(
    trained: Path, good: Path, bad: list[Path], pipeline: Pipeline
) -> None:
    answer = pipeline("classify", trained, bad[0], good, bad[1], "--json")
    assert answer.code == 1
    said = [json.loads(line) for line in answer.out.splitlines()]
    assert [each["file"] for each in said] == [str(path) for path in (bad[0], good, bad[1])]
    assert [set(each) for each in said] == [{"file", "error"}, {"file", "word", "probabilities"}, {"file", "error"}]
    assert said[0]["error"] == f"{bad[0]} is silent from start to end; a recording with a spoken word is wanted."
    assert f"error: {said[2]['error']}" in answer.err.splitlines()


def test_a_picture_that_cant_be_written_is_a_warning(
    trained: Path, good: Path, tmp_path: Path, pipeline: Pipeline, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "pictures" / "good-1.png").mkdir(parents=True)
    answer = pipeline("classify", trained, good, good, "--plot", tmp_path / "pictures")
    assert answer.code == 0
    assert answer.out.count(f"{good}: ") == 2
    first, second = (tmp_path / "pictures" / f"good-{number}.png" for number in (1, 2))
    assert [message.partition(" (")[0] for message in caplog.messages] == [f"{first} can't be written"]
    assert answer.err == f"picture: {second}\n"


def picture(trained: Path, good: Path, folder: Path, **environment: str) -> bytes:
    """Return the picture that a command started in a folder draws."""
    command = [sys.executable, "-m", "pipeline", "classify", trained, good, "--plot", folder]
    surroundings = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return (folder / "good.png").read_bytes()


def test_pictures_depend_on_neither_the_users_backend_nor_their_matplotlibrc(
    trained: Path, good: Path, tmp_path: Path
) -> None:
    for name in ("plain", "own"):
        (tmp_path / name).mkdir()
    (tmp_path / "own" / "matplotlibrc").write_text(
        "backend: tkagg\nsavefig.bbox: tight\nfont.size: 20\nfigure.dpi: 30\n"
    )
    backend = "module://matplotlib_inline.backend_inline"  # what a notebook's shell inherits, installed or not
    plain = picture(trained, good, tmp_path / "plain")
    assert picture(trained, good, tmp_path / "own", MPLBACKEND=backend) == plain


def test_matplotlib_is_imported_for_pictures_only(trained: Path, good: Path) -> None:
    check = "import sys\nfrom pipeline.cli import main\ntry:\n    main()\nfinally:\n"
    check += "    print('matplotlib' in sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", check, "classify", str(trained), str(good)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith(f"{good}: ")
    assert done.stderr.splitlines()[-1] == "False"
