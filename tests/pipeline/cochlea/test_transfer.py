"""Tables of the transfer function against direct evaluation, and the segments of long sounds."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.cochlea import BasilarMembrane, Cochlea, Sound
from pipeline.cochlea.cochlea import _Segment, _segment_bounds
from pipeline.cochlea.lanes import LANES
from pipeline.cochlea.transfer import SIZES, Workspace, tables

RATE = 48_000
FEW = BasilarMembrane(channels=LANES)
"""As many channels as fill one table, spread over the whole membrane."""


def _velocity(sound: np.ndarray, steps: int) -> np.ndarray:
    (table,) = tables(FEW, RATE, steps)
    padded = np.zeros(2 * steps)
    padded[: len(sound)] = sound
    return table.respond(np.fft.rfft(padded).astype(np.complex64), Workspace(steps))


def test_response_is_the_inverse_transform_of_the_lower_half_of_the_spectrum() -> None:
    steps = SIZES[0]
    sound = np.random.default_rng(1).normal(size=2 * steps) * np.hanning(2 * steps)
    velocity = _velocity(sound, steps)
    spectrum = np.fft.fft(sound)[:steps]
    frequencies = np.arange(steps) * (RATE / 2 / steps)
    omega = 2 * np.pi * (1 + frequencies * (1 - 2 / RATE))
    for channel, place in enumerate(FEW.places):
        direct = np.real(np.fft.ifft(spectrum * FEW.velocity(omega, np.array([place]))))
        assert np.abs(velocity[channel] - direct).max() < 2e-3 * np.abs(direct).max()


def test_response_is_linear() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(2, 10_000))
    steps = SIZES[0]
    alone = _velocity(first, steps).copy(), _velocity(second, steps).copy()
    together = _velocity(first - 2 * second, steps)
    np.testing.assert_allclose(together, alone[0] - 2 * alone[1], atol=1e-4 * np.abs(together).max())


def test_a_frequency_above_the_new_nyquist_is_folded() -> None:
    steps = SIZES[0]
    tone = np.sin(2 * np.pi * 15_000 * np.arange(2 * steps) / RATE)
    spectrum = np.abs(np.fft.rfft(_velocity(tone, steps)[0]))
    assert np.argmax(spectrum) * (RATE / 2 / steps) == pytest.approx(9_000)


def test_segments_cover_every_step_once() -> None:
    for steps in (1, 500, SIZES[-1], 5 * SIZES[-1] + 3):
        pieces = list(_segment_bounds(steps, 2 / RATE))
        starts = [start for start, *_ in pieces]
        lengths = [length for _, length, *_ in pieces]
        assert starts == [0, *np.cumsum(lengths)[:-1]]
        assert sum(lengths) == steps


def test_a_long_sound_in_segments_moves_the_membrane_as_in_one_piece() -> None:
    cochlea = Cochlea(sound=Sound(ramp=0.01), membrane=FEW)
    wave = np.random.default_rng(3).normal(size=2 * 60_000)
    whole = _velocity(wave, 76_800)[:, :60_000].copy()
    pieces = []
    for place in _segment_bounds(60_000, 2 / RATE):
        segment = _Segment.cut(wave, *place, cochlea)
        velocity = segment.tables[0].respond(segment.spectrum, Workspace(segment.tables[0].steps))
        pieces.append(velocity[:, segment.before : segment.before + segment.length].copy())
    assert len(pieces) > 1
    error = np.abs(np.concatenate(pieces, axis=1) - whole).max(axis=1)
    assert np.all(error < 0.01 * np.abs(whole).max(axis=1))
