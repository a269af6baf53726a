"""The cochlea's benchmark row."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from results.benchmarks import cochlea


def test_the_recording_is_the_same_every_time_and_ends_in_silence() -> None:
    wave = cochlea.recording()
    assert len(wave) == 38_400
    np.testing.assert_array_equal(wave, cochlea.recording())
    assert np.abs(wave[:100]).max() < 0.05 * np.abs(wave).max()
    assert np.abs(wave[-100:]).max() < 0.05 * np.abs(wave).max()


def test_without_lauscher_the_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError) as caught:
        cochlea.run(quick=True)
    assert caught.value.name == "lauscher"


@pytest.mark.slow
def test_one_recording_is_converted_at_least_400_times_faster_than_by_lauscher() -> None:
    rows = cochlea.run()
    ours = next(row for row in rows if row["converter"] == "cochlea" and row["threads"] == "2")
    theirs = next(row for row in rows if row["converter"] == "lauscher")
    assert float(ours["times_faster"]) >= 400
    assert float(ours["spikes"]) == pytest.approx(float(theirs["spikes"]), rel=0.05)
