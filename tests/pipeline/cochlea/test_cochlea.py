"""Properties of the whole cochlea."""

from __future__ import annotations

import os
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline.cochlea import Cochlea, Sound
from pipeline.events import CHANNELS, Events

COCHLEA = Cochlea()


def _tone(frequency: float, rate: int = 48_000, seconds: float = 0.2) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def _voice(rate: int, seconds: float = 0.3) -> np.ndarray:
    """Harmonics of 150 Hz up to 3.5 kHz, four syllables a second."""
    t = np.arange(round(rate * seconds)) / rate
    harmonics = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 24))
    return np.asarray(harmonics * (1 + np.sin(2 * np.pi * 4 * t)))


def _mean_count(cochlea: Cochlea, audio: np.ndarray, rate: int, seeds: int = 6) -> float:
    return float(np.mean([len(cochlea.spikes(audio, rate, seed).times) for seed in range(seeds)]))


@pytest.fixture(scope="module")
def voiced() -> Events:
    return COCHLEA.spikes(_voice(48_000), 48_000, 1)


def test_events_are_in_order_and_in_range(voiced: Events) -> None:
    assert voiced.times.dtype == np.float32
    assert voiced.units.dtype == np.uint16
    assert len(voiced.times) == len(voiced.units) > 1000
    assert np.all(np.diff(voiced.times) >= 0)
    assert voiced.times[0] >= 0
    assert voiced.times[-1] < 300
    assert voiced.units.max() < CHANNELS


def test_no_channel_spikes_within_the_refractory_time(voiced: Events) -> None:
    for unit in np.unique(voiced.units):
        times = voiced.times[voiced.units == unit]
        assert np.all(np.diff(times) > 1.0)


@pytest.mark.parametrize("threads", [2, 3, 40])
def test_threads_change_nothing(voiced: Events, threads: int) -> None:
    again = COCHLEA.spikes(_voice(48_000), 48_000, 1, threads=threads)
    alone = COCHLEA.spikes(_voice(48_000), 48_000, 1, threads=1)
    for other in (again, alone):
        np.testing.assert_array_equal(other.times, voiced.times)
        np.testing.assert_array_equal(other.units, voiced.units)


def test_seeds_are_what_spikes_depend_on(voiced: Events) -> None:
    same = COCHLEA.spikes(_voice(48_000), 48_000, np.random.SeedSequence(1))
    other = COCHLEA.spikes(_voice(48_000), 48_000, [1, 2])
    np.testing.assert_array_equal(same.times, voiced.times)
    assert not np.array_equal(other.times[:100], voiced.times[:100])


def test_input_is_not_modified() -> None:
    audio = _voice(48_000)
    before = audio.copy()
    COCHLEA.spikes(audio, 48_000, 1)
    np.testing.assert_array_equal(audio, before)


def test_silence_leaves_rare_spontaneous_spikes_everywhere() -> None:
    spikes = COCHLEA.spikes(np.zeros(48_000), 48_000, 1)
    # Chance coincidences of forty sites at 65 releases a second: once in a second or so in each channel.
    assert 0.3 < len(spikes.times) / CHANNELS < 1.5
    thirds = np.histogram(spikes.units, 3, (0, CHANNELS))[0]
    assert thirds.max() < 1.4 * thirds.min()


def test_louder_gives_more() -> None:
    counts = [
        _mean_count(replace(COCHLEA, sound=Sound(level=level)), _voice(48_000), 48_000, 2)
        for level in (0.03, 0.1, 0.3, 1.0)
    ]
    assert np.all(np.diff(counts) > 0)
    assert counts[-1] > 2 * counts[0]


def test_scale_of_the_recording_does_not_matter() -> None:
    quiet = COCHLEA.spikes(_voice(48_000) / 4096, 48_000, 5)
    loud = COCHLEA.spikes(_voice(48_000) * 4096, 48_000, 5)
    np.testing.assert_array_equal(quiet.units, loud.units)


def test_a_tone_excites_its_place() -> None:
    tones = np.geomspace(4000, 200, 7)
    places = []
    for tone in tones:
        spikes = COCHLEA.spikes(_tone(tone), 48_000, 1)
        counts = np.bincount(spikes.units, minlength=CHANNELS)
        places.append(float(np.average(np.arange(CHANNELS), weights=counts.astype(float) ** 2)))
        resonance = np.interp(places[-1], np.arange(CHANNELS), COCHLEA.membrane.resonances)
        assert 0.9 < resonance / tone < 1.8
    assert np.all(np.diff(places) > 30)


def test_spikes_lock_to_the_phase_of_a_low_tone() -> None:
    spikes = COCHLEA.spikes(_tone(250, seconds=0.4), 48_000, 1)
    unit = np.argmax(np.bincount(spikes.units))
    phases = 2 * np.pi * 0.250 * spikes.times[spikes.units == unit]
    assert abs(np.mean(np.exp(1j * phases))) > 0.8


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_the_sampling_rate_makes_no_difference(rate: int) -> None:
    ours, reference = (_mean_count(COCHLEA, _voice(r), r) for r in (rate, 48_000))
    assert ours == pytest.approx(reference, rel=0.05)


def test_a_long_recording_is_converted_in_segments() -> None:
    once = _mean_count(COCHLEA, np.tile(_voice(48_000, 0.5), 1), 48_000, 3)
    often = len(COCHLEA.spikes(np.tile(_voice(48_000, 0.5), 8), 48_000, 1).times)
    assert often == pytest.approx(8 * once, rel=0.08)


def test_a_very_short_recording_is_converted() -> None:
    assert len(COCHLEA.spikes(np.ones(1), 48_000, 1).times) == 0


def test_impossible_threads_are_refused() -> None:
    with pytest.raises(InputError, match="threads is 0"):
        COCHLEA.spikes(np.ones(10), 48_000, 1, threads=0)


def test_fingerprint_names_every_parameter() -> None:
    prints = {COCHLEA.fingerprint()}
    count = 1
    for part in ("sound", "membrane", "hair_cell", "bushy_cell"):
        value = getattr(COCHLEA, part)
        for field in fields(value):
            changed = replace(value, **{field.name: getattr(value, field.name) * 2})
            prints.add(replace(COCHLEA, **{part: changed}).fingerprint())
            count += 1
    assert len(prints) == count
    assert Cochlea().fingerprint() == COCHLEA.fingerprint()


def test_spoken_digits_of_8_khz_give_thousands_of_spikes() -> None:
    folder = os.environ.get("SPOKEN_SPIKES_FSDD")
    if not folder:
        pytest.skip("SPOKEN_SPIKES_FSDD does not name the folder of FSDD's recordings")
    paths = sorted(Path(folder).rglob("*.wav"))
    assert paths, f"{folder} has no recordings"
    counts = []
    for path in paths[:: max(len(paths) // 8, 1)]:
        audio, rate = soundfile.read(path)
        counts.append(len(COCHLEA.spikes(audio, rate, 1).times))
    assert 2000 < np.mean(counts) < 10_000
