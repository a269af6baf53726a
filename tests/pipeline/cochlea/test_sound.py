"""Preparation of recordings."""

from __future__ import annotations

import numpy as np
import pytest

from models.errors import InputError
from pipeline.cochlea import Sound


def _tone(frequency: float, rate: int, seconds: float = 0.5) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def _square(samples: int) -> np.ndarray:
    """Return a wave whose samples are 1 and -1 in turn."""
    return np.resize([1.0, -1.0], samples)


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_every_rate_becomes_48_khz(rate: int) -> None:
    wave = Sound(ramp=0.0).prepare(_tone(440, rate), rate)
    assert len(wave) == pytest.approx(24_000, abs=2)
    spectrum = np.abs(np.fft.rfft(wave))
    assert np.argmax(spectrum) * 48_000 / len(wave) == pytest.approx(440, abs=2)


def test_resampling_adds_nothing_above_the_old_nyquist() -> None:
    wave = Sound().prepare(np.random.default_rng(1).normal(size=8000), 8000)
    power = np.abs(np.fft.rfft(wave)) ** 2
    frequencies = np.fft.rfftfreq(len(wave), 1 / 48_000)
    assert power[frequencies > 5000].sum() < 1e-3 * power.sum()


@pytest.mark.parametrize("scale", [1e-4, 1.0, 3e4])
def test_loudness_is_normalised(scale: float) -> None:
    wave = Sound(level=0.3, ramp=0.0).prepare(scale * _tone(300, 48_000), 48_000)
    assert np.sqrt(np.mean(wave**2)) == pytest.approx(0.3)


def test_fade_touches_the_ends_only() -> None:
    wave = np.abs(Sound(level=1.0, ramp=0.03).prepare(_square(48_000), 48_000))
    np.testing.assert_allclose(wave[1440:-1440], 1.0)
    assert wave[0] == wave[-1] == 0.0
    assert wave[720] == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(wave, wave[::-1])


def test_without_a_ramp_the_whole_recording_is_a_hann_window() -> None:
    wave = Sound(level=1.0, ramp=None).prepare(_square(10_000), 48_000)
    np.testing.assert_allclose(np.abs(wave), np.hanning(10_000), atol=1e-3)


def test_a_ramp_longer_than_the_recording_fades_all_of_it() -> None:
    short = Sound(ramp=1.0).prepare(_square(101), 48_000)
    np.testing.assert_allclose(short, Sound(ramp=None).prepare(_square(101), 48_000))


def test_silence_stays_silence() -> None:
    assert np.all(Sound().prepare(np.zeros(1000), 8000) == 0)


@pytest.mark.parametrize("offset", [-20.0, 0.8, 3.0, 1e3])
@pytest.mark.parametrize("rate", [8000, 48_000])
def test_a_recorders_offset_does_not_silence_the_word(offset: float, rate: int) -> None:
    word = _tone(300, rate) * 0.5
    np.testing.assert_allclose(Sound().prepare(word + offset, rate), Sound().prepare(word, rate), atol=1e-9)


def test_an_offset_as_recordings_have_is_left() -> None:
    word = _tone(300, 48_000)
    slight = Sound(level=1.0, ramp=0.0).prepare(word + 0.3, 48_000)  # 0.15 of the power
    assert slight.mean() == pytest.approx(0.3 / np.sqrt(0.5 + 0.09), rel=1e-3)


@pytest.mark.parametrize("rate", [8000, 48_000])
def test_input_is_not_modified(rate: int) -> None:
    audio = _tone(200, rate)
    before = audio.copy()
    Sound().prepare(audio, rate)
    np.testing.assert_array_equal(audio, before)


@pytest.mark.parametrize(
    ("audio", "rate", "sentence"),
    [
        (np.zeros((2, 5)), 8000, r"shape \(2, 5\)"),
        (np.zeros(0), 8000, "empty"),
        (np.array([0.0, np.nan]), 8000, "not finite"),
        (np.ones(5), 0, "rate is 0 Hz"),
        (np.ones(5), float("nan"), "rate is nan Hz"),
        (np.ones(5), 1e12, "too far above"),
    ],
)
def test_bad_input_is_refused(audio: np.ndarray, rate: float, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Sound().prepare(audio, rate)
