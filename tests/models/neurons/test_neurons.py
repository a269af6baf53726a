"""Single neurons against published values and closed forms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from genn import needs_genn
from hypothesis import example, given
from hypothesis import strategies as st

from models.engines.genn.folders import FOLDER_VARIABLE
from models.errors import InputError
from models.neurons.hodgkin_huxley import HodgkinHuxley, pulse, rates, steady_gates
from models.neurons.lif import LeakyIntegrateAndFire
from models.neurons.patterns import PATTERNS, Pattern

HH = HodgkinHuxley()
BY_NAME = {pattern.name: pattern for pattern in PATTERNS}


@pytest.fixture(scope="module", autouse=True)
def code_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(tmp_path_factory.mktemp("genn")))
        yield


def spikes(name: str) -> np.ndarray:
    return BY_NAME[name].spikes()


class TestHodgkinHuxley:
    def test_rest_and_its_gates_are_the_published_ones(self) -> None:
        v, m, h, n = HH.rest()
        assert v == pytest.approx(-65.0, abs=0.01)
        assert (m, h, n) == pytest.approx((0.0529, 0.5961, 0.3177), abs=2e-4)
        trace = HH.simulate(lambda _: 0.0, 50)
        assert np.ptp(trace.voltage) < 1e-6

    @given(v=st.floats(-120, 60))
    def test_rates_are_positive_and_smooth_where_their_formula_is_zero_by_zero(self, v: float) -> None:
        """Beside the hole a rate differs by its slope times 1e-7 ms / mV and by the rounding of the quotient."""
        assert all(a > 0 and b > 0 for a, b in rates(v))
        assert all(0 < x < 1 for x in steady_gates(v))
        for hole in (-40.0, -55.0):
            before, at, after = (rates(hole + e)[i][0] for e in (-1e-7, 0, 1e-7) for i in [0 if hole == -40 else 2])
            assert before == pytest.approx(at, rel=1e-6)
            assert after == pytest.approx(at, rel=1e-6)

    def test_a_step_below_the_rheobase_gives_no_spike_and_one_above_it_does(self) -> None:
        """About 2.2 uA / cm^2 for a single spike (Izhikevich 2007, section 7)."""
        assert len(HH.simulate(pulse(2.0, 5, 100), 80).spikes) == 0
        assert len(HH.simulate(pulse(2.5, 5, 100), 80).spikes) == 1

    def test_it_fires_on_and_on_only_above_six_and_at_once_with_fifty_a_second(self) -> None:
        """Class 2: repetitive firing begins near 6.3 uA / cm^2 (Rinzel and Miller 1980)."""
        assert len(HH.simulate(pulse(6.0, 5, 400), 400).spikes) < 5
        found = HH.simulate(pulse(6.5, 5, 400), 400).spikes
        assert len(found) > 15
        assert 48 < 1000 / np.diff(found)[-5:].mean() < 60

    def test_the_rate_at_ten_is_the_textbooks(self) -> None:
        found = HH.simulate(lambda _: 10.0, 300).spikes
        assert 1000 / np.diff(found)[-5:].mean() == pytest.approx(68.3, abs=0.7)

    def test_a_spike_comes_near_sodiums_potential_and_goes_below_rest(self) -> None:
        trace = HH.simulate(pulse(20.0, 5, 5), 40)
        assert 30 < trace.voltage.max() < HH.e_na
        assert HH.e_k < trace.voltage.min() < -70
        assert np.abs(trace.voltage[-1] + 65) < 1


class TestLeakyIntegrateAndFire:
    @given(tau=st.floats(2, 100), current=st.floats(0.1, 5))
    @example(tau=2.0, current=1.0)
    def test_intervals_are_those_of_the_closed_form(self, tau: float, current: float) -> None:
        """Up to rounding: the voltage forgets over tau steps, so its rounding errors are worth tau epsilon of current.

        At the rheobase that decides: the closed form says never, and floating point may reach the threshold.
        """
        neuron, rounding = LeakyIntegrateAndFire(tau), 4 * tau * np.finfo(float).eps
        shortest, longest = neuron.interval(current + rounding), neuron.interval(current - rounding)
        _, found = neuron.simulate(np.full(2000, current))
        intervals = np.diff(np.flatnonzero(found), prepend=-1)
        assert all(shortest - 1 <= interval <= longest + 1 for interval in intervals)
        assert len(intervals) or longest >= 2000

    def test_without_spikes_the_voltage_decays_as_the_equation_says(self) -> None:
        neuron = LeakyIntegrateAndFire(20.0, threshold=10.0, reset=0.5)
        voltage, found = neuron.simulate(np.array([5.0, *np.zeros(30)]))
        assert not found.any()
        np.testing.assert_allclose(voltage, 0.5 + 5.0 / 20 * (1 - 1 / 20) ** np.arange(31))

    def test_its_rate_is_the_continuous_neurons_in_small_steps(self) -> None:
        neuron = LeakyIntegrateAndFire(2000.0)
        _, found = neuron.simulate(np.full(60000, 1.7))
        assert found.sum() / 60000 == pytest.approx(neuron.rate(1.7), rel=0.03)
        assert neuron.rate(1.0) == 0

    def test_an_impossible_neuron_is_refused(self) -> None:
        with pytest.raises(InputError, match="tau is 1"):
            LeakyIntegrateAndFire(1.0)
        with pytest.raises(InputError, match="threshold is 0"):
            LeakyIntegrateAndFire(20.0, threshold=0.0)


class TestIzhikevich:
    """What the names of the patterns say."""

    def test_there_are_twenty(self) -> None:
        assert len(BY_NAME) == 20

    @pytest.mark.parametrize("name", ["phasic spiking", "spike latency", "subthreshold oscillations", "rebound spike"])
    def test_single_spikes(self, name: str) -> None:
        assert len(spikes(name)) == 1

    def test_tonic_spiking_settles_to_a_beat(self) -> None:
        intervals = np.diff(spikes("tonic spiking"))
        assert intervals[-1] == pytest.approx(intervals[-2], abs=0.5)

    def test_bursts_are_spikes_close_together_with_pauses(self) -> None:
        intervals = np.diff(spikes("tonic bursting"))
        pauses = intervals > 15
        assert pauses.sum() >= 2
        assert intervals[~pauses].max() < 10
        assert len(spikes("phasic bursting")) > 3
        assert np.diff(spikes("rebound burst")).max() < 10

    def test_mixed_mode_begins_with_a_burst_and_goes_on_singly(self) -> None:
        intervals = np.diff(spikes("mixed mode"))
        assert intervals[0] < 6
        assert intervals[2:].min() > 20

    def test_adaptation_slows_down(self) -> None:
        assert (np.diff(np.diff(spikes("spike frequency adaptation"))) > 0).all()

    def test_class_1_begins_slowly_and_class_2_does_not(self) -> None:
        one, two = np.diff(spikes("class 1 excitable")), np.diff(spikes("class 2 excitable"))
        assert one[0] > 1.8 * two[0]
        assert one[0] / one[-1] > 2.2
        assert two[0] / two[-1] < 2

    def test_latency_is_long(self) -> None:
        assert spikes("spike latency")[0] > 13 + 8

    def test_the_resonator_answers_one_interval_and_the_integrator_the_shorter_one(self) -> None:
        assert (spikes("resonator") > 320).all()
        assert len(spikes("resonator")) == 1
        assert len(spikes("integrator")) == 1
        assert spikes("integrator")[0] < 30

    def test_subthreshold_oscillations_ring_after_the_spike(self) -> None:
        times, v, _ = BY_NAME["subthreshold oscillations"].simulate()
        quiet = v[times > 60]
        turns = np.flatnonzero(np.diff(np.sign(np.diff(quiet))) < 0)
        assert len(turns) >= 3
        assert quiet.max() < -50

    def test_inhibition_lowers_a_threshold(self) -> None:
        found = spikes("threshold variability")
        assert len(found) == 1
        assert found[0] > 80

    def test_a_second_push_ends_what_the_first_began(self) -> None:
        found = spikes("bistability")
        assert len(found) >= 4
        assert found.max() < 225

    def test_the_after_potential_is_above_rest(self) -> None:
        times, v, _ = BY_NAME["depolarising after-potential"].simulate()
        spike = spikes("depolarising after-potential")[0]
        assert v[(times > spike + 1) & (times < spike + 8)].max() > v[0] + 5

    def test_accommodation_answers_the_steep_ramp_only(self) -> None:
        found = spikes("accommodation")
        assert len(found) == 1
        assert found[0] > 300

    @pytest.mark.parametrize("name", ["inhibition-induced spiking", "inhibition-induced bursting"])
    def test_inhibition_excites(self, name: str) -> None:
        found = spikes(name)
        assert len(found) >= 3
        assert found.min() > 50
        assert found.max() < 260

    def test_inhibition_excites_single_spikes_or_bursts(self) -> None:
        assert np.diff(spikes("inhibition-induced spiking")).min() > 40
        intervals = np.diff(spikes("inhibition-induced bursting"))
        pauses = intervals > 50
        assert 1 <= pauses.sum() <= 2
        assert intervals[~pauses].max() < 8
        assert (~pauses).sum() >= 6


class TestOnGenn:
    pytestmark = needs_genn

    @pytest.mark.parametrize("pattern", PATTERNS, ids=[pattern.name for pattern in PATTERNS])
    def test_izhikevichs_patterns(self, pattern: Pattern) -> None:
        from models.neurons.genn import simulate_izhikevich

        times, v, _ = pattern.simulate()
        current = np.array([pattern.current(float(t)) for t in times])
        found = simulate_izhikevich(pattern.neuron, current, pattern.dt, pattern.v, pattern.u)
        np.testing.assert_allclose(found, v, atol=1e-3)

    def test_the_leaky_neuron(self) -> None:
        from models.neurons.genn import simulate_lif

        current = np.random.default_rng(0).uniform(0, 4, 300)
        neuron = LeakyIntegrateAndFire(15.0, threshold=1.2, reset=-0.1)
        np.testing.assert_allclose(simulate_lif(neuron, current), neuron.simulate(current)[0], atol=1e-9)

    def test_hodgkin_and_huxleys(self) -> None:
        from models.neurons.genn import simulate_hodgkin_huxley

        trace = HH.simulate(pulse(10.0, 5, 30), 60, dt=0.0025)
        found = simulate_hodgkin_huxley(HH, trace.current, 0.0025)
        rises = np.flatnonzero((found[:-1] < 0) & (found[1:] >= 0)) * 0.0025
        np.testing.assert_allclose(rises, trace.spikes, atol=0.03)
        quiet = np.abs(np.gradient(trace.voltage, 0.0025)) < 5
        assert np.abs(found - trace.voltage)[quiet].max() < 0.7
