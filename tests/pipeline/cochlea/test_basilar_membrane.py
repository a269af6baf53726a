"""The membrane: places of tones, and the filter at a place."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest

from pipeline.cochlea import BasilarMembrane

MEMBRANE = BasilarMembrane()


def _gain(membrane: BasilarMembrane, frequency: float) -> np.ndarray:
    return np.abs(membrane.velocity(np.array([2 * np.pi * frequency]), membrane.places))


def test_resonance_is_that_of_a_mass_on_a_spring() -> None:
    spring = 1e9 * np.exp(-3.0 * MEMBRANE.places) - 3500.0
    np.testing.assert_allclose(MEMBRANE.resonances, np.sqrt(spring / 0.05) / (2 * np.pi), rtol=1e-12)


def test_resonances_span_hearing_from_base_to_apex() -> None:
    assert np.all(np.diff(MEMBRANE.resonances) < 0)
    assert MEMBRANE.resonances[0] > 20_000
    assert MEMBRANE.resonances[-1] < 120


def test_the_place_of_a_tone_moves_to_the_apex_as_it_falls() -> None:
    tones = np.geomspace(8000, 150, 12)
    peaks = [int(np.argmax(_gain(MEMBRANE, tone))) for tone in tones]
    assert np.all(np.diff(peaks) > 0)


@pytest.mark.parametrize("tone", [200.0, 1000.0, 5000.0])
def test_a_tone_peaks_close_to_the_place_that_resonates(tone: float) -> None:
    peak = np.argmax(_gain(MEMBRANE, tone))
    # The wave slows down and is damped before it reaches the resonance: it peaks a little on its basal side.
    assert 1.0 < MEMBRANE.resonances[peak] / tone < 1.35


@pytest.mark.parametrize("tone", [200.0, 1000.0, 5000.0])
def test_beyond_its_place_a_tone_dies_out(tone: float) -> None:
    gain = _gain(MEMBRANE, tone)
    beyond = MEMBRANE.resonances < tone / 1.75
    assert gain[beyond].max() < 1e-4 * gain.max()


def test_damping_flattens_the_peak() -> None:
    peaks = [_gain(replace(MEMBRANE, damping=damping), 1000.0).max() for damping in (0.1, 0.15, 0.3)]
    assert peaks[0] > peaks[1] > peaks[2]


def test_velocity_is_lauschers() -> None:
    lauscher = importlib.import_module("lauscher.transformations").BasilarMembrane()
    omega = 2 * np.pi * np.geomspace(1, 24_000, 300)
    for channel in (0, 20, 100, 300, 500, 699):
        theirs = lauscher._v(omega, lauscher.ch[channel])
        ours = MEMBRANE.velocity(omega, MEMBRANE.places[[channel]])
        np.testing.assert_allclose(ours, theirs, rtol=1e-10)
