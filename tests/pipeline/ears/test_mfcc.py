"""The ear "mfcc" gives the coefficients of their definition, in its code, of the word alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from models.batch import discretise
from models.methods import latency
from pipeline.ears.mfcc import Mfcc
from pipeline.events import Events

EAR = Mfcc()
RATE = EAR.sound.rate
LEVEL = EAR.sound.level


def word(seconds: float = 0.25, seed: int = 0) -> NDArray[np.float64]:
    """Return a sound with partials and noise, of the ear's own loudness."""
    n = np.arange(round(seconds * RATE))
    sound = sum(np.sin(2 * np.pi * 180 * k * n / RATE + k) / k for k in range(1, 12))
    sound = sound * (1.2 + np.sin(2 * np.pi * 7 * n / RATE)) + np.random.default_rng(seed).normal(0, 0.01, len(n))
    return LEVEL * sound / math.sqrt(np.mean(sound**2))


def decoded(events: Events, dt: float) -> NDArray[np.float64]:
    one = np.zeros(1, np.int64)
    batch = discretise(*events, np.array([0, len(events.times)]), one, dt, round(700 / dt), 700)
    return latency.decode(batch, dt)[0]


def by_definition(wave: NDArray[np.float64]) -> list[float]:
    """Return mean coefficients as librosa's documentation defines them, number by number."""

    def hertz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)

    top = 15 + 27 * math.log(RATE / 2 / 1000) / math.log(6.4)
    corners = [hertz(top * i / 129) for i in range(130)]
    n = np.arange(2048)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / 2048)
    fourier = np.exp(-2j * np.pi * np.outer(np.arange(1025), n) / 2048)
    padded = np.concatenate([np.zeros(1024), wave, np.zeros(1024)])
    decibels = []
    for middle in range(0, len(wave) + 1, 512):
        power = np.abs(fourier @ (window * padded[middle : middle + 2048])) ** 2
        bands = []
        for low, centre, high in zip(corners, corners[1:], corners[2:], strict=False):
            total = 0.0
            for k in range(math.ceil(low * 2048 / RATE), math.floor(high * 2048 / RATE) + 1):
                f = k * RATE / 2048
                height = (f - low) / (centre - low) if f < centre else (high - f) / (high - centre)
                total += height * 2 / (high - low) * power[k]
            bands.append(10 * math.log10(max(total, 1e-10)))
        decibels.append(bands)
    floor = max(map(max, decibels)) - 80
    means = []
    for i in range(30):
        scale = math.sqrt((1 if i == 0 else 2) / 128)
        values = [
            scale * sum(max(bands[b], floor) * math.cos(math.pi * i * (b + 0.5) / 128) for b in range(128))
            for bands in decibels
        ]
        means.append(sum(values) / len(values))
    return means


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_decoded_events_are_the_coefficients_of_the_definition_to_the_codes_resolution(dt: float) -> None:
    wave = word()
    wave[2000:4800] = 0  # so long that a whole frame is silent, more than 80 dB below the others
    wave *= LEVEL / math.sqrt(np.mean(wave**2))
    wanted = by_definition(wave)
    np.testing.assert_allclose(EAR.coefficients(wave), wanted, rtol=0, atol=1e-6)
    np.testing.assert_allclose(decoded(EAR.spikes(wave, RATE), dt), wanted, rtol=0, atol=dt / latency.SLOPE / 2 + 1e-3)


def test_times_keep_more_digits_than_any_time_step() -> None:
    events = EAR.spikes(word(), RATE)
    found = (events.times[np.argsort(events.units)] - latency.TIME_OF_ZERO) / latency.SLOPE
    np.testing.assert_allclose(found, EAR.coefficients(word()), rtol=0, atol=1e-3)


def test_loudness_is_in_the_first_coefficient_alone_and_in_no_event() -> None:
    wave = word()
    louder = EAR.coefficients(10**0.5 * wave) - EAR.coefficients(wave)
    np.testing.assert_allclose(louder, [10 * math.sqrt(128), *[0] * 29], rtol=0, atol=1e-9)
    quiet, loud = EAR.spikes(wave, RATE), EAR.spikes(10**0.5 * wave, RATE)
    np.testing.assert_allclose(quiet.times, loud.times, rtol=1e-6)


def test_more_silence_at_both_ends_changes_nothing() -> None:
    shorter, longer = (
        np.concatenate([np.zeros(before * 512), word(), np.zeros(after * 512)]) for before, after in ((6, 9), (40, 90))
    )
    np.testing.assert_allclose(EAR.spikes(longer, RATE).times, EAR.spikes(shorter, RATE).times, rtol=1e-6)


RNG = np.random.default_rng(5)
SOUNDS = {
    "noise": RNG.normal(0, 1, 8000),
    "tone": np.sin(2 * np.pi * 1000 * np.arange(8000) / 16000),
    "low tone": np.sin(2 * np.pi * 30 * np.arange(8000) / 16000),
    "click": np.eye(1, 8000, 4000)[0],
    "square": np.sign(np.sin(2 * np.pi * 100 * np.arange(8000) / 16000)),
    "one sample": np.ones(1),
    "high pass": np.diff(RNG.normal(0, 1, 8001), n=1),
    "ten clicks": np.tile(np.concatenate([RNG.normal(0, 1, 16), np.zeros(1584)]), 10),
}


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("rate", [8000, 48000])
def test_whatever_sounds_is_thirty_events_within_a_trial(name: str, rate: int) -> None:
    events = EAR.spikes(SOUNDS[name], rate)
    assert (events.times.dtype, events.units.dtype) == (np.float32, np.uint16)
    assert sorted(events.units) == list(range(latency.CHANNELS))
    assert (np.diff(events.times) >= 0).all()
    assert events.times.min() > 0
    assert events.times.max() < 690
