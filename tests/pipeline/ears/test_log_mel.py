"""Events of the ear "log-mel" are the log-mel energies, and act as a spectrogram does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.batch import discretise
from models.methods import frames
from pipeline.ears.log_mel import BANDS, WIDTH, LogMel
from pipeline.events import CHANNELS, Events

EAR = LogMel()
RATE = EAR.sound.rate
FRAME = 1e3 * EAR.frame
"""In ms."""


def tone(frequency: float, seconds: float = 0.4) -> NDArray[np.float64]:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


def middles() -> NDArray[np.float64]:
    """Return the frequencies of the bands' middles, band 0 the highest, from Slaney's definition of a mel."""
    bend, step = 15.0, 27 / np.log(6.4)
    low, high = EAR.lowest / (200 / 3), bend + step * np.log(EAR.highest / 1000)
    mels = [low + (band + 1) * (high - low) / (BANDS + 1) for band in range(BANDS)]
    return np.array([mel * 200 / 3 if mel < bend else 1000 * np.exp((mel - bend) / step) for mel in mels])[::-1]


def counts(events: Events, length: int, shift: int = 0, dt: float = 1.0) -> NDArray[np.int64]:
    """Return the events by frame and band as a network of numbers bins them, shape (length, `BANDS`)."""
    steps = round(length * FRAME / dt) + 2
    one, shifts = np.zeros(1, np.int64), np.array([shift])
    batch = discretise(*events, np.array([0, len(events.times)]), one, dt, steps, CHANNELS, shifts=shifts)
    return frames.counts(batch, steps - 2, CHANNELS, length, BANDS)[0]


def wanted(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the events that energies stand for, whole or not."""
    return np.clip((energies + 60) / 60, 0, 1) * 8


@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([0.5, 1.0, 2.0]))
def test_events_of_any_frames_are_their_energy_to_less_than_one_event(seed: int, length: int, dt: float) -> None:
    energies = np.random.default_rng(seed).uniform(-70, 10, (length, BANDS))
    found = np.cumsum(counts(EAR.encode(energies), length, dt=dt), axis=0)
    error = np.vstack([np.zeros(BANDS), found - np.cumsum(wanted(energies), axis=0)])
    # Of the frames from i to k, the error is the difference of two of these.
    assert (error.max(axis=0) - error.min(axis=0)).max() < 1


@pytest.mark.parametrize("band", range(0, BANDS, 2))
def test_a_tone_lies_in_its_band(band: int) -> None:
    energies = EAR.energies(0.3 * np.sqrt(2) * tone(middles()[band]))[5:-5]
    assert set(energies.argmax(axis=1)) == {band}
    far = np.abs(np.arange(BANDS) - band) > 3
    assert energies[:, far].max() < energies.max() - 40


@pytest.mark.parametrize("frequency", [300, 440, 1234.5, 7000])
def test_energies_add_up_to_a_tones_mean_square(frequency: float) -> None:
    energies = EAR.energies(0.5 * tone(frequency))[5:-5]
    np.testing.assert_allclose((10 ** (energies / 10)).sum(axis=1), 0.5**2 / 2, rtol=0.02)


def test_ten_decibels_more_are_ten_decibels_more_before_and_nothing_after_the_loudness_is_set() -> None:
    wave = np.random.default_rng(1).normal(0, 0.1, 6000)
    louder = 10**0.5 * wave
    energies = EAR.energies(wave)
    np.testing.assert_allclose(EAR.energies(louder), energies + 10, rtol=0, atol=1e-9)
    more = counts(EAR.encode(energies + 10), len(energies)) - counts(EAR.encode(energies), len(energies))
    inside = ((energies > -60) & (energies < -10)).all(axis=0)
    assert inside.sum() > BANDS / 2
    assert np.abs(more.sum(axis=0) - len(energies) * 8 / 6)[inside].max() < 2
    quiet, loud = EAR.spikes(wave, RATE), EAR.spikes(louder, RATE)
    assert np.array_equal(quiet.times, loud.times)
    assert np.array_equal(quiet.units, loud.units)


def test_a_shift_by_the_channels_of_a_band_is_a_shift_by_one_band() -> None:
    energies = np.random.default_rng(2).uniform(-60, 0, (40, BANDS))
    events = EAR.encode(energies)
    before = counts(events, 40)
    np.testing.assert_array_equal(counts(events, 40, WIDTH)[:, 1:], before[:, :-1])
    np.testing.assert_array_equal(counts(events, 40, -WIDTH)[:, :-1], before[:, 1:])


@pytest.mark.parametrize("shift", [1, 7, 10, 13])
def test_a_shift_by_fewer_channels_moves_that_share_of_a_band(shift: int) -> None:
    energies = np.full((100, BANDS), -80.0)
    energies[:, 17] = -22.5  # five events a frame: 500, of which each channel has as many
    moved = counts(EAR.encode(energies), 100, shift).sum(axis=0)
    assert moved[17:19].tolist() == [500 - 500 * shift // WIDTH, 500 * shift // WIDTH]
    assert moved.sum() == 500


def test_a_delay_by_frames_is_a_delay_of_all_events() -> None:
    wave = np.random.default_rng(3).normal(0, 0.1, 4000)
    hop = round(EAR.frame * RATE)
    early = EAR.encode(EAR.energies(np.concatenate([np.zeros(5 * hop), wave])))
    late = EAR.encode(EAR.energies(np.concatenate([np.zeros(12 * hop), wave])))
    np.testing.assert_allclose(late.times, early.times + 7 * FRAME, rtol=1e-6)
    np.testing.assert_array_equal(late.units, early.units)


def test_a_frames_events_are_spread_evenly_over_it() -> None:
    energies = np.full((3, BANDS), -80.0)
    energies[1, 4] = -30.0
    np.testing.assert_allclose(EAR.encode(energies).times, FRAME * (1 + np.array([1, 3, 5, 7]) / 8))


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_events_are_in_order_within_the_recording_and_the_channels(rate: int) -> None:
    wave = np.random.default_rng(4).normal(0, 0.1, rate // 2)
    events = EAR.spikes(wave, rate, seed=0)
    assert (events.times.dtype, events.units.dtype) == (np.float32, np.uint16)
    assert (np.diff(events.times) >= 0).all()
    assert events.times.min() > 0
    assert events.times.max() < 500
    assert events.units.max() < CHANNELS
    again = EAR.spikes(wave, rate, seed=9, threads=1)
    assert np.array_equal(events.times, again.times)
    assert np.array_equal(events.units, again.units)


def test_silence_and_a_single_sample_have_their_frames() -> None:
    assert len(EAR.spikes(np.zeros(5000), RATE).times) == 0
    assert EAR.energies(np.ones(1)).shape == (1, BANDS)
    assert EAR.energies(np.ones(161)).shape == (2, BANDS)
