"""Conversion of utterances does not depend on order, shards and cache, and nothing is converted twice."""

import logging
import os
from dataclasses import dataclass, field, replace
from hashlib import sha256

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from pipeline.cochlea import BasilarMembrane, Cochlea
from pipeline.data import recordings
from pipeline.data.cache import cache_folder
from pipeline.data.recordings import SHARD, Utterance, file_key, shards, to_spikes
from pipeline.events import Events

RATE = 8000
CLASSES = ("one", "two")
SPEAKERS = ("ann", "bob", "cat")


@dataclass(frozen=True)
class Ear:
    """A fast replacement of the cochlea that counts its calls and draws times from its seed."""

    name: str = "ear"
    heard: list[float] = field(default_factory=list)
    dies_at: int | None = None

    def fingerprint(self):
        return self.name

    def spikes(self, audio, rate, seed, threads=None):
        self.heard.append(float(audio[0]))
        if len(self.heard) == self.dies_at:
            raise KeyboardInterrupt
        rng = np.random.default_rng(seed)
        times = np.sort(rng.uniform(0, 1000 * len(audio) / rate, 20)).astype(np.float32)
        return Events(times, np.full(20, round(700 * audio[0]) % 700, dtype=np.uint16))


@dataclass(frozen=True)
class Sound:
    """A source in memory: a constant that identifies the utterance."""

    number: int

    def __call__(self):
        return np.full(800, self.number / 10_000), RATE


def listed(count, start=0):
    return [Utterance(Sound(i), sha256(str(i).encode()).hexdigest(), i % 2, i % 3) for i in range(start, start + count)]


def convert(utterances, ear, **options):
    return to_spikes(utterances, CLASSES, SPEAKERS, kind="test", description="test", ear=ear, progress=False, **options)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_order_labels_and_names():
    utterances = listed(250)
    data = convert(utterances, Ear())
    assert len(data) == 250
    assert data.labels.tolist() == [u.label for u in utterances]
    assert data.speakers.tolist() == [u.speaker for u in utterances]
    assert (data.classes, data.speaker_names) == (CLASSES, SPEAKERS)
    for i in (0, 100, 249):
        assert set(data.events(i).units) == {round(700 * i / 10_000)}


def test_spikes_do_not_depend_on_order_or_company():
    utterances = listed(250)
    whole = convert(utterances, Ear("a"))
    backward = convert(utterances[::-1], Ear("b"))
    alone = convert(utterances[17:18], Ear("c"))
    assert same(alone.events(0), whole.events(17))
    for i in range(250):
        assert same(backward.events(249 - i), whole.events(i))


def test_utterances_and_seeds_have_noise_of_their_own():
    data, other = (convert(listed(2), Ear(str(seed)), seed=seed) for seed in (0, 1))
    assert not np.array_equal(data.events(0).times, data.events(1).times)
    assert not np.array_equal(data.events(0).times, other.events(0).times)


def test_what_was_converted_once_is_kept():
    first = convert(listed(250), Ear())
    ear = Ear()
    second = convert(listed(250), ear)
    assert ear.heard == []
    assert np.array_equal(first.times, second.times)
    assert np.array_equal(first.units, second.units)


def test_another_cochlea_or_seed_converts_anew():
    convert(listed(30), Ear())
    for ear, seed in ((Ear("other"), 0), (Ear(), 1)):
        convert(listed(30), ear, seed=seed)
        assert len(ear.heard) == 30


def test_a_corrected_label_converts_nothing():
    convert(listed(30), Ear())
    ear = Ear()
    data = convert([replace(u, label=0, speaker=2) for u in listed(30)], ear)
    assert ear.heard == []
    assert set(data.labels) == {0}
    assert set(data.speakers) == {2}


def test_a_new_utterance_costs_a_shard_or_two():
    convert(listed(1000), Ear())
    ear = Ear()
    convert(listed(500) + listed(1, start=5000) + listed(500, start=500), ear)
    assert 0.5 in ear.heard
    assert len(ear.heard) <= 4 * SHARD + 1


def test_an_interrupted_preparation_goes_on_where_it_was(monkeypatch):
    monkeypatch.setattr(recordings.numba, "get_num_threads", lambda: 1)
    whole = convert(listed(1000), Ear("untouched"))
    with pytest.raises(KeyboardInterrupt):
        convert(listed(1000), Ear(dies_at=700))
    ear = Ear()
    resumed = convert(listed(1000), ear)
    assert len(ear.heard) <= 1000 - 700 + 2 * SHARD
    assert np.array_equal(resumed.times, whole.times)


def test_a_damaged_shard_is_made_anew(caplog):
    whole = convert(listed(250), Ear())
    victim = max((cache_folder() / "test").glob("*.h5"))
    victim.write_bytes(victim.read_bytes()[:-700])
    with caplog.at_level(logging.WARNING):
        again = convert(listed(250), ear := Ear())
    assert 0 < len(ear.heard) < 250
    assert victim.name in caplog.text
    assert np.array_equal(again.times, whole.times)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_any_number_of_threads_gives_the_same(monkeypatch, threads):
    sound = np.random.default_rng(0).normal(0, 0.1, (6, 800))
    utterances = [Utterance(lambda row=row: (row, RATE), f"{i:064x}", 0, 0) for i, row in enumerate(sound)]
    few = Cochlea(membrane=BasilarMembrane(channels=16))
    monkeypatch.setattr(recordings.numba, "get_num_threads", lambda: threads)
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(cache_folder() / str(threads)))
    data = convert(utterances, few)
    assert data.counts.min() > 0
    for i, utterance in enumerate(utterances):
        assert same(data.events(i), stored(recordings.spikes(utterance, few, 0)))


def stored(events):
    """Return events as they come out of a file, which holds seconds."""
    return Events(events.times / np.float32(1000) * np.float32(1000), events.units)


def test_files(tmp_path):
    paths = []
    for name, frequency in (("a.wav", 300), ("b.flac", 900)):
        paths.append(tmp_path / name)
        soundfile.write(paths[-1], 0.3 * np.sin(np.arange(800) * 2 * np.pi * frequency / RATE), RATE)
    few = Cochlea(membrane=BasilarMembrane(channels=64))
    data = convert([Utterance(path, file_key(path), i, 0) for i, path in enumerate(paths)], few)
    # The base of the cochlea, channel 0, has the high frequencies.
    low, high = (np.median(data.events(i).units) for i in range(2))
    assert high < low


def test_the_same_sound_under_another_name_gives_the_same_spikes(tmp_path):
    sound = np.random.default_rng(0).normal(0, 0.1, 800)
    for name in ("a.wav", "b.wav"):
        soundfile.write(tmp_path / name, sound, RATE)
    data = convert([Utterance(tmp_path / n, file_key(tmp_path / n), 0, 0) for n in ("a.wav", "b.wav")], Ear())
    assert same(data.events(0), data.events(1))


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "broken.wav"
    path.write_bytes(b"nothing to hear")
    with pytest.raises(InputError, match=r"broken\.wav is not audio"):
        convert([*listed(5), Utterance(path, file_key(path), 0, 0)], Ear())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a_1.wav")
    with pytest.raises(InputError, match=r"a_1\.wav can't be read as a recording: it is a named pipe"):
        file_key(tmp_path / "a_1.wav")


def test_a_seed_below_0_is_refused():
    with pytest.raises(InputError, match="seed is -1"):
        convert(listed(1), Ear(), seed=-1)


def test_progress_is_shown_and_ends_full(capsys):
    to_spikes(listed(250), CLASSES, SPEAKERS, kind="test", description="some words", ear=Ear())
    shown = capsys.readouterr()
    assert "some words" in shown.err
    assert "250/250" in shown.err
    assert shown.out == ""


@given(st.lists(st.integers(0, 10**6), max_size=900))
def test_shards_are_the_list_cut_up(numbers):
    utterances = [Utterance(Sound(n), sha256(str(n).encode()).hexdigest(), 0, 0) for n in numbers]
    cut = list(shards(utterances))
    assert [utterance for shard in cut for utterance in shard] == utterances
    assert all(0 < len(shard) <= 2 * SHARD for shard in cut)
