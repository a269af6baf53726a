"""Every training method: killed in the middle of an epoch it ends with the same bits, and it names a word."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from killed import train_until_killed
from torch_extra import MARKS

from models.engines import registry

SETTINGS = dict.fromkeys(("ann", "conversion", "control"), ("training.options.frames=20",))
"""Of methods whose defaults don't fit a trial of 100 ms."""

HERE = [entry for entry in registry.ENTRIES if entry.engine not in ("genn", "cuda")]
"""Engines on GPUs have tests of their own."""


def settings(engine: str, method: str) -> list[str]:
    fields = (f"engine={engine}", f"training.method={method}", "network.recurrent=false", "training.epochs=3")
    return [word for field in (*fields, *SETTINGS.get(method, ())) for word in ("--set", field)]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize(
    ("engine", "method"),
    [pytest.param(entry.engine, entry.method, marks=MARKS if entry.engine == "torch" else ()) for entry in HERE],
)
def test_it_survives_being_killed_and_classifies_a_recording(
    engine: str, method: str, words_config: Path, pipeline: Callable[..., Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    arguments = (words_config, *settings(engine, method), "--threads", 1)
    answer = pipeline("train", *arguments)
    assert answer.code == 0, answer
    run = Path(answer.out.strip())
    whole = {name: (run / name).read_bytes() for name in ("best.npz", "last.npz", "metrics.csv", "result.json")}
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "again"))

    train_until_killed(*arguments)
    again = tmp_path / "again" / run.relative_to(tmp_path / "runs")
    assert (again / "last.npz").exists()
    assert not (again / "result.json").exists()
    assert pipeline("train", *arguments).out.strip() == str(again)
    assert {name: (again / name).read_bytes() for name in whole} == whole

    time = np.arange(1600) / 16000
    soundfile.write(tmp_path / "word.wav", 0.3 * np.sin(2 * np.pi * 600 * time), 16000)
    said = pipeline("classify", again, tmp_path / "word.wav", "--json")
    assert said.code == 0, said
    assert json.loads(said.out)["word"] in ("low", "high", "up", "down")


@pytest.mark.parametrize("method", [entry.method for entry in HERE if entry.engine == "torch"])
def test_without_pytorch_a_sentence_says_what_to_install(
    method: str, words_config: Path, pipeline: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.engines.torch.entry.importlib.util.find_spec", lambda _: None)
    for engine in ("torch", "auto"):
        refused = pipeline("train", words_config, *settings(engine, method))
        assert refused.sentence.endswith("PyTorch is not installed; pip install torch")
