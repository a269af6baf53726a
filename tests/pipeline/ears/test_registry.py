"""Ears are told apart by name and fingerprint; the default's keys and hashes are those of before there were others."""

from __future__ import annotations

import logging
import shutil
from dataclasses import replace
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from models.methods import latency
from pipeline.cochlea import BasilarMembrane, Cochlea
from pipeline.config import load_config
from pipeline.data.cache import cache_folder
from pipeline.data.container import SpikeData
from pipeline.data.datasets import load
from pipeline.data.recordings import Utterance, file_key, shard_key, to_spikes
from pipeline.ears.log_mel import LogMel
from pipeline.ears.mfcc import Mfcc
from pipeline.ears.registry import DEFAULT, Ear, find, names


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(tmp_path / "cache"))


def test_the_default_has_the_keys_and_hashes_of_before_there_were_other_ears() -> None:
    keys = [sha256(str(i).encode()).hexdigest() for i in range(3)]
    key = shard_key([Utterance(Path(), key, 0, 0) for key in keys], find(DEFAULT), 0)
    assert key == "0937e4a12b27fcf5ab284e0afe33fd56ee681b104a56cdf99c1ed5f3a91fae03"
    hashes = {"fsdd": "209ea2ac95d9", "digits": "97ae89ec1d6e", "shd": "18d466a608cb", "demo": "23e12b889630"}
    for name, known in hashes.items():
        assert load_config(name).hash() == known
        assert load_config(name, [f"data.ear={DEFAULT}"]) == load_config(name)
    assert len({load_config("fsdd", [f"data.ear={name}"]).hash() for name in names()}) == len(names())


def test_a_name_gives_its_ear_and_no_name_is_refused_with_the_nearest() -> None:
    for name, kind in {DEFAULT: Cochlea, "log-mel": LogMel, "mfcc": Mfcc}.items():
        assert isinstance(find(name), kind)
    with pytest.raises(InputError, match=r"There is no ear 'logmel'.*log-mel"):
        find("logmel")


def test_fingerprints_name_every_parameter_and_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = replace(LogMel().sound, level=0.1)
    log_mels = [replace(LogMel(), **{name: 2 * value + 1}) for name, value in vars(LogMel()).items() if name != "sound"]
    ears: list[Ear] = [Cochlea(), LogMel(), LogMel(sound), *log_mels, Mfcc(), Mfcc(sound)]
    found = [ear.fingerprint() for ear in ears]
    for name in ("TIME_OF_ZERO", "SLOPE", "CHANNELS"):
        with monkeypatch.context() as changed:
            changed.setattr(latency, name, getattr(latency, name) / 2)
            found.append(Mfcc().fingerprint())
    assert len(set(found)) == len(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of recordings: two words by three speakers."""
    rng, n = np.random.default_rng(0), np.arange(1600)
    for word, pitch in (("low", 300), ("high", 2500)):
        (tmp_path / "words" / word).mkdir(parents=True)
        for speaker in ("ann", "ben", "cia"):
            sound = 0.3 * np.sin(2 * np.pi * rng.uniform(0.9, 1.1) * pitch * n / 8000) + rng.normal(0, 0.01, len(n))
            soundfile.write(tmp_path / "words" / word / f"{speaker}_0.wav", sound, 8000)
    return tmp_path / "words"


def hear(folder: Path, ear: str | Ear) -> SpikeData:
    files = sorted(folder.glob("*/*.wav"))
    utterances = [Utterance(path, file_key(path), 0, 0) for path in files]
    return to_spikes(utterances, ("a",), ("b",), kind="test", description="test", ear=ear, progress=False)


FEW = Cochlea(membrane=BasilarMembrane(channels=16))
EARS: dict[str, str | Ear] = {"cochlea": FEW, "log-mel": "log-mel", "mfcc": "mfcc"}


def test_no_ear_takes_anothers_events_from_the_cache(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    made, heard = {}, {}
    for name, ear in EARS.items():
        before = set((cache_folder() / "test").glob("*.h5"))
        heard[name] = hear(folder, ear)
        (made[name],) = set((cache_folder() / "test").glob("*.h5")) - before
    for one, other in combinations(EARS, 2):
        assert not np.array_equal(heard[one].times, heard[other].times)
    for one in EARS:
        other = next(name for name in EARS if name != one)
        good = made[one].read_bytes()
        shutil.copy(made[other], made[one])
        with caplog.at_level(logging.WARNING):
            again = hear(folder, EARS[one])
        assert f"{made[one].name} is stale" in caplog.text
        assert np.array_equal(again.times, heard[one].times)
        assert made[one].read_bytes()[-100:] == good[-100:]


@pytest.mark.parametrize("name", ["log-mel", "mfcc"])
def test_a_data_set_of_recordings_is_heard_by_the_ear_that_is_named(name: str, folder: Path) -> None:
    for split in load("audio", folder, ear=name, progress=False).splits.values():
        for index, (label, speaker) in enumerate(zip(split.labels, split.speakers, strict=True)):
            path = folder / split.classes[label] / f"{split.speaker_names[speaker]}_0.wav"
            alone = find(name).spikes(*soundfile.read(path), seed=0)
            # In files, times are seconds.
            np.testing.assert_allclose(split.events(index).times, alone.times, rtol=1e-6)
            np.testing.assert_array_equal(split.events(index).units, alone.units)
