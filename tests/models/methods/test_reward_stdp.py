"""Reward-modulated STDP: the window of a pair, the reward's sign, the decay of eligibility, and learning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from stdp_toy import make_engine, make_problem, toy

from models.errors import InputError
from models.methods.reward_stdp.options import RewardOptions
from models.methods.stdp.plasticity import note_input, note_spike

TAU = {"tau_plus": 17.0, "tau_minus": 34.0, "tau_eligibility": 100.0}


def engine_of(**options: Any) -> Any:
    return make_engine(make_problem(RewardOptions(**({"resolution": 0.5, "a_minus": 1.0} | options))))


def eligible(engine: Any, spikes: list[tuple[int, str]], end: int = 300) -> float:
    """Eligibility of a synapse at step ``end`` after spikes of its input and its neuron at the beginning of steps."""
    engine._adopt()
    own = engine._plasticity
    for step, side in spikes:
        (note_input if side == "in" else note_spike)(0, step, end, own, engine._weights["input_hidden"])
    return float(own.traces.eligibility[0, 0])


@pytest.mark.parametrize("apart", [1, 5, 40, 150])
def test_a_pair_makes_a_synapse_eligible_by_the_analytic_window(apart: int) -> None:
    """A step is 0.5 ms; eligibility begins at the later spike and decays until the end."""
    engine = engine_of(a_plus=0.7, a_minus=0.4, **TAU)
    left = np.exp(-(300 - 100 - apart) * 0.5 / 100) / 100
    wanted = 0.7 * np.exp(-apart * 0.5 / 17) * left
    assert eligible(engine, [(100, "in"), (100 + apart, "out")]) == pytest.approx(wanted, rel=1e-5)
    wanted = -0.4 * np.exp(-apart * 0.5 / 34) * left
    assert eligible(engine, [(100, "out"), (100 + apart, "in")]) == pytest.approx(wanted, rel=1e-5)


def test_all_pairs_of_spikes_add_up() -> None:
    engine = engine_of(a_minus=0.0, **TAU)
    spikes = [(10, "in"), (30, "in"), (50, "out"), (60, "out")]
    pairs = [[(10, "in"), (50, "out")], [(10, "in"), (60, "out")], [(30, "in"), (50, "out")], [(30, "in"), (60, "out")]]
    assert eligible(engine, spikes) == pytest.approx(sum(eligible(engine, one) for one in pairs), rel=1e-5)


def test_eligibility_decays_with_its_time_constant() -> None:
    engine = engine_of(**TAU)
    first, later = (eligible(engine, [(10, "in"), (20, "out")], end) for end in (100, 180))
    assert later / first == pytest.approx(np.exp(-80 * 0.5 / 100), rel=1e-5)


def test_the_reward_decides_the_sign_and_none_changes_nothing() -> None:
    def change(r: float, eta: float = 0.5) -> np.ndarray:
        engine = engine_of(eta=eta, baseline=0.0, **TAU)
        engine._weights["input_hidden"][:] = 0.5
        eligible(engine, [(100, "in"), (110, "out")])
        engine.reward(r)
        return engine.weights["input_hidden"] - np.float32(0.5)

    assert not change(0.0).any()
    assert change(1.0)[0, 0] > 0
    np.testing.assert_allclose(change(-1.0), -change(1.0), atol=1e-7)
    np.testing.assert_allclose(change(1.0, 1.0), 2 * change(1.0), atol=1e-7)
    assert np.count_nonzero(change(1.0)) == 1


def test_weights_stay_within_bounds() -> None:
    engine = engine_of(eta=1e6, baseline=0.0, **TAU)
    for r in (1.0, -1.0):
        eligible(engine, [(100, "in"), (110, "out")])
        engine.reward(r)
        assert engine.weights["input_hidden"][0, 0] == max(r, 0)


def test_the_mean_reward_is_subtracted() -> None:
    engine = engine_of(baseline=0.25, **TAU)
    for r, mean in ((1.0, 0.25), (1.0, 0.4375), (-1.0, 0.078125)):
        engine.reward(r)
        assert engine.weights["mean_reward"][0] == pytest.approx(mean)
    engine._weights["input_hidden"][:] = 0.5
    eligible(engine, [(100, "in"), (110, "out")])
    engine.reward(0.078125)
    np.testing.assert_array_equal(engine.weights["input_hidden"], 0.5)


def test_a_toy_problem_is_learned() -> None:
    engine = engine_of(delay=0.5)
    before = engine.predict([toy(30, seed=9)])
    for epoch in range(5):
        engine.train_epoch([toy(30, seed=epoch)], 1e-3)
    after = engine.predict([toy(30, seed=9)])
    right = [(said.logits.argmax(axis=1) == toy(30).labels).mean() for said in (before, after)]
    assert right[1] > 0.75
    assert right[1] > right[0] + 0.2


@pytest.mark.parametrize("wrong", [{"tau_plus": 0.0}, {"a_minus": -1.0}, {"baseline": 1.0}])
def test_impossible_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        RewardOptions(**wrong)  # type: ignore[arg-type]
