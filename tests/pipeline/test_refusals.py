"""Bad input: each kind ends with one clear sentence, exit code 2, and nothing lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline.config import load_config
from pipeline.data.datasets import load
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.trained import load_trained
from pipeline.training.placement import choose_engine
from pipeline.training.run import Run
from pipeline.training.trainer import train

Pipeline = Callable[..., "Answer"]  # noqa: F821


@pytest.fixture
def trained(words_config: Path, pipeline: Pipeline) -> Path:
    """The folder of a finished run of words."""
    answer = pipeline("train", words_config, "--set", "training.epochs=2")
    assert answer.code == 0, answer
    return Path(answer.out.strip())


def write_tone(path: Path, seconds: float, level: float = 0.3) -> Path:
    t = np.arange(int(8000 * seconds)) / 8000
    soundfile.write(path, level * np.sin(2 * np.pi * 440 * t), 8000)
    return path


def bad_audio(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.wav"
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "headless":
        path.write_bytes(b"these are words, but none that were spoken" * 50)
    elif kind == "truncated":
        write_tone(path, 1.0)
        path.write_bytes(path.read_bytes()[:4000])
    elif kind == "silent":
        write_tone(path, 0.5, level=0.0)
    elif kind == "endless":
        write_tone(path, 600.0)
    return path


@pytest.mark.parametrize("kind", ["empty", "headless", "truncated", "silent", "endless", "missing"])
def test_recordings_that_are_none(trained: Path, tmp_path: Path, pipeline: Pipeline, kind: str) -> None:
    path = bad_audio(kind, tmp_path)
    assert str(path) in pipeline("classify", trained, path).sentence


def test_a_dataset_cut_short(words_config: Path, words_folder: Path, tmp_path: Path, pipeline: Pipeline) -> None:
    shutil.copytree(words_folder, tmp_path / "cut")
    path = tmp_path / "cut" / "shd_train.h5"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert str(path) in pipeline("train", words_config, "--set", f"data.root={tmp_path / 'cut'}").sentence


def rewrite(folder: Path, target: Path, change: Callable[[h5py.File], None]) -> Path:
    """Copy a folder's splits as foreign files, without our header, the training part changed."""
    target.mkdir()
    for name in ("shd_train.h5", "shd_test.h5"):
        with h5py.File(folder / name) as old, h5py.File(target / name, "w") as new:
            for key in old:
                old.copy(key, new)
            if name == "shd_train.h5":
                change(new)
    return target


def test_labels_without_a_word(words_config: Path, words_folder: Path, tmp_path: Path, pipeline: Pipeline) -> None:
    def change(file: h5py.File) -> None:
        file["labels"][3] = 17

    root = rewrite(words_folder, tmp_path / "labels", change)
    sentence = pipeline("train", words_config, "--set", f"data.root={root}").sentence
    assert "shd_train.h5" in sentence
    assert "17" in sentence


def test_bad_events_are_dropped_sorted_and_counted(
    words_folder: Path, tmp_path: Path, pipeline: Pipeline, words_config: Path
) -> None:
    def change(file: h5py.File) -> None:
        times, units = file["spikes/times"][0], file["spikes/units"][0]
        times[[0, 1, 2]] = np.nan, -0.5, np.inf
        times[3:] = times[3:][::-1]
        units[[-1, -2]] = 700, 60000
        file["spikes/times"][0], file["spikes/units"][0] = times, units

    root = rewrite(words_folder, tmp_path / "events", change)
    whole, read = load("shd", words_folder).train, load("shd", root).train
    assert (read.drops.not_finite, read.drops.negative, read.drops.unit_out_of_range) == (2, 1, 2)
    assert read.drops.examples_sorted == 1
    assert len(read.times) == len(whole.times) - 5
    assert np.all(np.diff(read.events(0).times) >= 0)
    shown = pipeline("data", "shd", "--root", root)
    assert shown.code == 0
    assert "dropped" in shown.out
    assert pipeline("train", words_config, "--set", f"data.root={root}").code == 0


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("training.learning_rat=0.1", "training.learning_rate"),
        ("netwrok.hidden=12", "network"),
        ("network.delay_line.copy=3", "network.delay_line.copies"),
        ("training.epochs=-3", "training.epochs"),
        ("loss.window.shape=gausian", "loss.window.shape"),
        ("loss.window.offset=1.0", "loss.window.offset"),
        ("data.dt=0.3", "data.trial"),
        ("data.trial=2.0", "data.trial"),
        ("data.trial=1e12", "data.trial"),
        ("loss.window.mu=nan", "loss.window.mu"),
        ("loss.window.file=w.txt", "loss.window.file"),
        ("loss.window.shape=tabulated", "loss.window.file"),
        ("data.validation=own", "no validation part"),
        ("network.delay_line.copies=3", "delay_line.spacing"),
        ("network.hidden=0", "network.hidden is 0"),
        ("network.hidden=[]", "network.hidden is []"),
        ("network.hidden=many", "network.hidden is 'many'"),
        ("network.hidden=[8,0]", "network.hidden is 0"),
        ("network.recurrent=[true,false]", "network.recurrent has 2 values; network.hidden has 1"),
        ("network.time_constants=learned", "network.time_constants is 'learned'"),
        ("network.synapses.input.density=0.0", "network.synapses.input.density"),
        ("network.synapses.output.delays=trained", "network.synapses.output.longest is 0.0 ms; it must be above 0"),
        ("network.synapses.recurrent.longest=5.0", 'network.synapses.recurrent.longest is 5.0 ms and delays is "none"'),
        ("network.synapses.input.delay=fixed", "nearest right name is network.synapses.input.delays"),
        ("network.initial.input_mean=0.3", "nearest right name is network.initial.input"),
        (
            "network.initial.input.low=0.3",
            "network.initial.input.low is set, but an initialiser of kind normal has no low",
        ),
        ("network.initial.input.sdd=0.3", "nearest right name is network.initial.input.sd"),
        ("network.initial.input.sd=-0.3", "network.initial.input.sd is -0.3"),
        ("network.initial.input.kind=gauss", "network.initial.input.kind is 'gauss'; it must be one of 'constant'"),
        ("network.initial.input=0.3", "network.initial.input is 0.3; it must be a table"),
        ("network.initial.delay.low=0.3", "network.initial.delay.kind is missing"),
        (
            'network.initial.input={kind="uniform",low=0.5,high=0.1}',
            "network.initial.input: a uniform initialiser goes",
        ),
        ("loss.kind=crossentropy", "loss.kind is 'crossentropy'; it must be one of 'cross-entropy'"),
        ("loss.early=0.1", "loss.early is set, but a loss of kind cross-entropy has no early"),
        ("loss.scal=2.0", "nearest right name is loss.scale"),
        ("loss.smoothing=1.0", "loss.smoothing is 1.0"),
        (
            'loss={kind="first-spike",window={shape="uniform"}}',
            "loss.window is set, but a loss of kind first-spike has no",
        ),
        ('loss={kind="max-over-time",tau=3.0}', "loss.tau is set, but a loss of kind max-over-time has no tau"),
        ("training.schedule=plateu", "training.schedule is 'plateu'"),
        ("training.plateau_factor=1.0", "training.plateau_factor is 1.0"),
        ("training.clip=-1.0", "training.clip is -1.0"),
        ("nonsense", "a.b=c"),
    ],
)
def test_configs_with_a_slip(words_config: Path, pipeline: Pipeline, override: str, told: str) -> None:
    assert told in pipeline("train", words_config, "--set", override).sentence


def test_a_plateau_without_validation(words_config: Path, words_folder: Path, pipeline: Pipeline) -> None:
    overrides = ["training.schedule=plateau", "data.validation=none"]
    sentence = pipeline("train", words_config, *(part for o in overrides for part in ("--set", o))).sentence
    assert 'training.schedule is "plateau", which needs a validation part' in sentence
    config = load_config(words_config, overrides[:1])
    with pytest.raises(InputError, match='schedule is "plateau", which needs a validation part'):
        train(config, load("shd", words_folder).train, None)
    assert not Run.of(choose_engine(config)).folder.exists()


def test_a_config_that_is_not_there_or_no_toml(tmp_path: Path, pipeline: Pipeline) -> None:
    assert "demo" in pipeline("train", "dmeo").sentence
    (tmp_path / "bad.toml").write_text("name = \n")
    assert "bad.toml" in pipeline("train", tmp_path / "bad.toml").sentence


def test_a_folder_of_another_config(trained: Path, words_config: Path, pipeline: Pipeline) -> None:
    text = (trained / "config.toml").read_text()
    (trained / "config.toml").write_text(text.replace("tau_mem = 20.0", "tau_mem = 21.0", 1))
    assert "another run" in pipeline("evaluate", trained).sentence
    assert "another config" in pipeline("train", words_config, "--set", "training.epochs=2").sentence
    assert "not a run's folder" in pipeline("evaluate", trained.parent).sentence


def test_a_split_that_is_none(trained: Path, pipeline: Pipeline) -> None:
    assert "no split 'tset'" in pipeline("evaluate", trained, "--split", "tset").sentence


def test_data_of_other_words_or_channels(trained: Path, words_folder: Path) -> None:
    run, test = load_trained(Run.at(trained)), load("shd", words_folder).test
    with pytest.raises(InputError, match="was trained on low, high, up, down"):
        evaluate(run, replace(test, classes=("a", "b", "c", "d")), "test")
    with pytest.raises(InputError, match=r"have 64 channels; .* was trained on 700"):
        evaluate(run, replace(test, channels=64), "test")


@pytest.mark.parametrize("spoil", ["swap", "cut", "array", "empty"])
def test_a_best_checkpoint_that_is_none(trained: Path, pipeline: Pipeline, spoil: str) -> None:
    best, last = trained / "best.npz", trained / "last.npz"
    if spoil == "swap":
        shutil.copy(last, best)
    elif spoil == "cut":
        best.write_bytes(best.read_bytes()[:500])
    elif spoil == "array":
        with best.open("wb") as file:
            np.save(file, np.ones(3))
    else:
        best.write_bytes(b"")
    assert str(best) in pipeline("evaluate", trained).sentence


def test_folders_and_files_in_each_other_s_place(
    words_config: Path, trained: Path, tmp_path: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert str(tmp_path) in pipeline("classify", trained, tmp_path).sentence
    (tmp_path / "0_bob_5.wav").mkdir()
    write_tone(tmp_path / "0_bob_0.wav", 0.5)
    assert "0_bob_5.wav" in pipeline("data", "fsdd", "--root", tmp_path).sentence
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(words_config))
    assert str(words_config) in pipeline("train", words_config).sentence


@pytest.mark.parametrize("names", ['["dan"]', '["ann","typo"]', '["ann","ben","cia"]'])
def test_validation_speakers_who_are_not_there_or_everyone(words_config: Path, pipeline: Pipeline, names: str) -> None:
    sentence = pipeline(
        "train", words_config, "--set", "data.validation=speaker", "--set", f"data.validation_speakers={names}"
    ).sentence
    assert "peaker" in sentence


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system takes root")
def test_a_full_disk_during_a_checkpoint(
    words_config: Path, tmp_path: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(disk / "runs"))
        first = pipeline("train", words_config, "--set", "training.epochs=1")
        assert first.code == 0, first
        run = Path(first.out.strip())
        # The same run with more epochs: continue it in the folder that the longer config has.
        longer = pipeline("train", words_config, "--set", "training.epochs=2")
        run = Path(longer.out.strip())
        kept = (run / "last.npz").read_bytes()
        room = os.statvfs(disk)
        (disk / "ballast").write_bytes(b"\0" * (room.f_bavail * room.f_frsize - 8192))
        assert "space" in pipeline("train", words_config, "--set", "training.epochs=3").sentence
        assert (run / "last.npz").read_bytes() == kept
        assert not list(disk.rglob("*.part"))
        (disk / "ballast").unlink()
        assert pipeline("train", words_config, "--set", "training.epochs=3").code == 0
    finally:
        subprocess.run(["umount", disk], check=True)


def test_the_command_line_as_a_user_calls_it(words_config: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "train", str(words_config), "--set", "training.epoch=1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip().splitlines() == [
        f"error: {words_config}: unknown field training.epoch; the nearest right name is training.epochs"
    ]
