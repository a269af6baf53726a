"""espeak-ng: the same request gives the same samples, and each setting does what it says."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, replace
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from pipeline.data import espeak
from pipeline.data.espeak import SAMPLE_RATE, Request, say

SIX = Request("six", "en-us", "f2", noise=7)
REQUESTS = [
    SIX,
    Request("sieben", "de", "m1", rate=140, pitch=60, intonation=30, volume=60),
    Request("zero", "en-us", "f4", rate=120),
    Request("fünf", "de", "Annie", noise=99),
]


def base_frequency(samples):
    """Return the median pitch in Hz of the voiced parts, from their autocorrelation."""
    found = []
    for start in range(0, len(samples) - 1000, 250):
        part = samples[start : start + 1000]
        part = part - part.mean()
        correlation = np.correlate(part, part, "full")[999:]
        shortest, longest = SAMPLE_RATE // 400, SAMPLE_RATE // 60
        lag = shortest + np.argmax(correlation[shortest:longest])
        if correlation[0] > 0.1 * len(part) * samples.var() and correlation[lag] > 0.5 * correlation[0]:
            found.append(SAMPLE_RATE / lag)
    return np.median(found)


def digest(samples):
    return hashlib.sha256(samples.tobytes()).hexdigest()


def test_samples_do_not_depend_on_what_was_said_before():
    forward = [digest(say(request)) for request in REQUESTS]
    backward = [digest(say(request)) for request in reversed(REQUESTS)]
    again = [digest(say(REQUESTS[0])) for _ in range(3)]
    assert forward == backward[::-1]
    assert again == forward[:1] * 3


def test_samples_do_not_depend_on_the_process():
    code = (
        "import hashlib; from pipeline.data.espeak import Request, say\n"
        f"for request in {[astuple(request) for request in REQUESTS]!r}:\n"
        "    print(hashlib.sha256(say(Request(*request)).tobytes()).hexdigest())"
    )
    root = Path(espeak.__file__).parents[2]
    there = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert there.stdout.split() == [digest(say(request)) for request in REQUESTS]


def test_threads_take_turns():
    alone = [digest(say(request)) for request in REQUESTS]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda request: digest(say(request)), REQUESTS * 4)) == alone * 4


def test_the_noise_seed_changes_the_breath_but_not_the_word():
    one, other = say(SIX), say(replace(SIX, noise=8))
    assert len(one) == len(other)
    assert not np.array_equal(one, other)
    assert np.corrcoef(one, other)[0, 1] > 0.9


def test_words_a_minute():
    slow, usual, fast = (len(say(replace(SIX, rate=rate))) for rate in (120, 160, 220))
    assert slow > usual > fast


def test_pitch():
    nine = Request("nine", "en-us", "m1")
    low, own, high = (base_frequency(say(replace(nine, pitch=pitch))) for pitch in (20, 50, 80))
    assert 1.1 * low < own < high / 1.1


def test_volume_is_proportional_to_amplitude():
    loud, soft = (np.std(say(replace(SIX, volume=volume))) for volume in (100, 50))
    assert soft / loud == pytest.approx(0.5, abs=0.05)


def test_monotone_without_intonation():
    nine = Request("nine", "en-us", "m1", rate=100)
    flat, wide = (base_frequency(say(replace(nine, intonation=value))) for value in (0, 99))
    assert flat != wide


def test_full_scale_is_1():
    assert 0.1 < np.abs(say(SIX)).max() <= 1


def test_a_variant_that_is_not_there_is_refused_and_not_replaced():
    with pytest.raises(RuntimeError, match="no voice variant 'm99'"):
        say(replace(SIX, variant="m99"))


def test_a_language_that_is_not_there_is_refused():
    with pytest.raises(RuntimeError, match="no language 'nowhere'"):
        say(replace(SIX, language="nowhere"))


def test_nothing_to_say_is_refused():
    with pytest.raises(RuntimeError, match="said nothing"):
        say(replace(SIX, text=""))


def test_after_a_refusal_everything_is_as_before():
    before = digest(say(SIX))
    with pytest.raises(RuntimeError):
        say(replace(SIX, language="nowhere"))
    assert digest(say(SIX)) == before


@pytest.mark.parametrize("links", [True, False])
def test_data_in_a_folder_with_a_long_name(tmp_path, monkeypatch, links):
    before = digest(say(SIX))
    deep = tmp_path / ("a" * 100) / ("b" * 100)
    deep.mkdir(parents=True)
    (deep / "espeak-ng-data").symlink_to(espeakng_loader.get_data_path())
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(deep / "espeak-ng-data"))
    if not links:

        def refuse(*_args, **_options):
            raise OSError("a required privilege is not held by the client")

        monkeypatch.setattr(Path, "symlink_to", refuse)
    assert digest(say(SIX)) == before
