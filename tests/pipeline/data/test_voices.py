"""The voices and words of the digits data set."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from pipeline.data import voices
from pipeline.data.espeak import SAMPLE_RATE
from pipeline.data.voices import DIGITS_CLASSES, VOICES, WORDS, draw, utter


def spectrum(samples):
    """Return the long-term spectrum in 40 bands up to 8 kHz, in dB, of mean 0."""
    power = np.abs(np.fft.rfft(samples, 2**16)) ** 2
    edges = np.linspace(100, 8000, 41) / SAMPLE_RATE * 2**16
    bands = np.add.reduceat(power, edges[:-1].astype(int))
    level = 10 * np.log10(bands)
    return level - level.mean()


def test_twelve_voices_of_both_sexes():
    assert len({voice.name for voice in VOICES}) == len(VOICES) == 12
    assert Counter(voice.sex for voice in VOICES) == {"male": 6, "female": 6}


def test_one_voice_of_each_sex_is_held_out():
    assert Counter(voice.sex for voice in VOICES if voice.held_out) == {"male": 1, "female": 1}


def test_classes_are_those_of_shd_in_its_order():
    assert len(set(DIGITS_CLASSES)) == 20
    assert DIGITS_CLASSES[::5] == ("zero", "five", "null", "fuenf")


def test_languages():
    assert [word.language for word in WORDS] == ["en-us"] * 10 + ["de"] * 10


def test_voices_are_distinct():
    nine = [replace(draw(voice, WORDS[9], 0, 0), rate=150, intonation=50, volume=100) for voice in VOICES]
    spectra = [spectrum(utter(request)) for request in nine]
    for one, other in combinations(spectra, 2):
        assert np.sqrt(np.mean((one - other) ** 2)) > 3


@pytest.mark.parametrize("rate", voices.RATES)
def test_words_last_between_a_quarter_and_a_whole_second(rate):
    for voice in VOICES:
        for word in WORDS:
            samples = utter(replace(draw(voice, word, 0, 0), rate=rate))
            assert 0.25 < len(samples) / SAMPLE_RATE < 1.0


def test_the_loudest_does_not_clip_and_the_softest_is_heard():
    for voice in VOICES:
        loud = utter(replace(draw(voice, WORDS[5], 0, 0), volume=voices.VOLUMES[1]))
        soft = utter(replace(draw(voice, WORDS[5], 0, 0), volume=voices.VOLUMES[0]))
        assert np.abs(loud).max() < 1
        assert np.abs(soft).max() > 0.1


def test_margins_of_silence():
    margin = round(voices.MARGIN * SAMPLE_RATE)
    for voice in VOICES:
        samples = np.abs(utter(draw(voice, WORDS[16], 0, 0)))
        assert samples[:margin].max() <= voices.TRIM_LEVEL < samples[margin]
        assert samples[-margin:].max() <= voices.TRIM_LEVEL < samples[-margin - 1]


def test_every_draw_is_its_own():
    draws = {
        draw(voice, word, index, seed) for voice in VOICES for word in WORDS for index in range(3) for seed in range(2)
    }
    assert len(draws) == 12 * 20 * 3 * 2


def test_a_draw_depends_on_its_arguments_alone():
    assert draw(VOICES[3], WORDS[7], 11, 5) == draw(VOICES[3], WORDS[7], 11, 5)


def test_draws_fill_their_ranges():
    draws = [draw(VOICES[0], WORDS[0], index, 0) for index in range(400)]
    for name, (low, high) in (
        ("rate", voices.RATES),
        ("intonation", voices.INTONATIONS),
        ("volume", voices.VOLUMES),
        ("pitch", tuple(VOICES[0].pitch + limit for limit in voices.PITCHES)),
    ):
        values = np.array([getattr(request, name) for request in draws])
        assert low <= values.min() <= values.max() <= high
        assert np.ptp(values) > 0.9 * (high - low)
        assert values.mean() == pytest.approx((low + high) / 2, abs=0.1 * (high - low))


def test_pitch_stays_within_espeaks_scale():
    for voice in VOICES:
        assert 0 <= voice.pitch + voices.PITCHES[0] < voice.pitch + voices.PITCHES[1] <= 99
