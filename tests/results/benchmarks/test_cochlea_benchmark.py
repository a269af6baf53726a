"""The cochlea's benchmark row."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from models.errors import InputError
from results.benchmarks import cochlea


def test_the_recording_is_the_same_every_time_and_ends_in_silence() -> None:
    wave = cochlea.recording()
    assert len(wave) == 38_400
    np.testing.assert_array_equal(wave, cochlea.recording())
    assert np.abs(wave[:100]).max() < 0.05 * np.abs(wave).max()
    assert np.abs(wave[-100:]).max() < 0.05 * np.abs(wave).max()


def test_without_lauscher_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install lauscher"):
        cochlea.run(quick=True, repeats=1)


@pytest.mark.slow
def test_one_recording_is_converted_at_least_400_times_faster_than_by_lauscher() -> None:
    row = cochlea.run(quick=False)
    assert float(row["times_faster"]) >= 400
    assert float(row["cochlea_spikes"]) == pytest.approx(float(row["lauscher_spikes"]), rel=0.05)
