"""e-prop on the CPU against backpropagation through time, against GeNN's, and its ability to learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw
from genn import needs_genn
from interruptions import train_until_stopped
from numpy.typing import NDArray
from torch_extra import needs_torch

from models.batch import SpikeBatch
from models.engines.coefficients import Coefficients, whole_steps
from models.engines.cpu.engine import CpuEngine
from models.engines.genn import available
from models.engines.genn.folders import FOLDER_VARIABLE
from models.engines.registry import choose, choose_for_trained, choose_instead, find
from models.errors import InputError
from models.losses import CrossEntropy, MaxOverTime
from models.losses.base import Judgement, Observed, SoftmaxLoss, softmax
from models.methods.eprop.cpu.arguments import BLOCK, GRADIENT, Rule
from models.methods.eprop.cpu.engine import EpropEngine
from models.methods.eprop.cpu.rule import make_rule, responses, trace_count, trace_sources
from models.methods.eprop.cpu.traces import advance_synapses, note
from models.methods.eprop.cpu.transposed import recede_all
from models.methods.eprop.options import EpropOptions
from models.methods.options import MethodOptions
from models.problem import Problem
from models.regulariser import Regulariser
from models.windows import Gaussian, Uniform

Array = NDArray[np.float64]
LOSS = CrossEntropy(Gaussian(mu=0.4, sigma=0.2), 3.0, temperature=0.8, smoothing=0.1)
PLAN = Plan(((9, True),), channels=7, classes=3, drive=1.5)
ADAPTIVE = EpropOptions(neurons="adaptive", beta=0.4, tau_adaptation=60.0)


def drawn_with(plan: Plan = PLAN, seed: int = 4, trials: int = 3, duration: float = 300.0) -> Drawn:
    """Return a drawn network whose outputs have time constants of their own; the trial is no whole number of blocks."""
    drawn = draw(plan, seed, trials=trials, events=6, duration=duration)
    assert duration > 2 * BLOCK
    assert duration % BLOCK
    return replace(drawn, network=replace(drawn.network, output=replace(drawn.network.output, tau_mem=35, tau_syn=3)))


def problem_of(drawn: Drawn, options: EpropOptions | None = None, **settings: Any) -> Problem:
    return drawn.problem(LOSS, **{"method": "e-prop", "options": options} | settings)


def engine_of(drawn: Drawn, options: EpropOptions | None = None, threads: int = 1, **settings: Any) -> EpropEngine:
    return EpropEngine(problem_of(drawn, options, **settings), drawn.weights, threads)


class Passed(NamedTuple):
    """What backpropagation through time gives for one example.

    Attributes
    ----------
    events, spikes : ndarray of bool, shape (steps, sources or hidden)
    slopes : ndarray, shape (steps, hidden)
    by_spike : ndarray, shape (steps, hidden)
        dE/dz of every step and hidden neuron.
    gradients : dict of str to ndarray
    mean : ndarray, shape (classes,)
        Windowed mean probabilities.
    """

    events: NDArray[np.bool_]
    spikes: NDArray[np.bool_]
    slopes: Array
    by_spike: Array
    gradients: dict[str, Array]
    mean: Array


def backpropagate(problem: Problem, weights: Any, batch: SpikeBatch, b: int, stopped: bool, push: Any = 0.0) -> Passed:
    """Run example ``b`` in float64, and back through time.

    With ``stopped`` no gradient flows through spikes to other neurons of the layer, nor through the reset.
    """
    network, options = problem.network, EpropOptions.of(problem.options)
    loss, hidden, steps = problem.loss, network.hidden[0], problem.steps
    assert isinstance(loss, CrossEntropy)
    size, classes = hidden.size, network.output.size
    w = {name: array.astype(np.float64) for name, array in weights.items()}
    w.setdefault("hidden_hidden", np.zeros((size, size)))
    h, o = (
        Coefficients.of(np.array(p.tau_mem), np.array(p.tau_syn), problem.dt, interpolated=False)
        for p in (hidden, network.output)
    )
    jump = options.beta if options.neurons == "adaptive" else 0.0
    rho, theta = np.exp(-problem.dt / options.tau_adaptation), hidden.threshold
    line, part = network.input.delay_line, slice(batch.offsets[b], batch.offsets[b + 1])
    x = np.zeros((steps, network.input.size))
    for copy in range(line.copies):
        at = batch.steps[part] + copy * whole_steps(line.spacing, problem.dt)
        x[at[at < steps], copy * network.input.channels + batch.units[part][at < steps]] = 1
    target = np.full(classes, loss.smoothing / classes)
    target[batch.labels[b]] += 1 - loss.smoothing
    window, sharpness = loss.window.table(steps) / steps, loss.scale / loss.temperature
    v, c, a, z = np.zeros((4, size))
    y, current = np.zeros((2, classes))
    us, zs, slopes, drives, mean = [], [], [], [], np.zeros(classes)
    for n in range(steps):
        c = c + x[n] @ w["input_hidden"] + z @ w["hidden_hidden"]
        current = current + z @ w["hidden_output"]
        u, c = h.alpha * v + h.gain * c, h.beta * c
        y, current = o.alpha * y + o.gain * current, o.beta * current
        excess = u - jump * a - theta
        z = (excess >= 0).astype(np.float64)
        v, a = (1 - z) * u, rho * a + z
        p = softmax(sharpness * y[None])[0]
        mean += window[n] * p
        us.append(u)
        zs.append(z)
        slopes.append(options.gamma / theta * np.maximum(0, 1 - np.abs(excess) / theta))
        drives.append(sharpness * window[n] * (p - target))
    found = {name: np.zeros(array.shape) for name, array in w.items()}
    by_v, by_c, by_a, by_z = np.zeros((4, size))
    by_y, by_current = np.zeros((2, classes))
    by_spike = np.zeros((steps, size))
    for n in range(steps - 1, -1, -1):
        before = zs[n - 1] if n else np.zeros(size)
        by_y = by_y + drives[n]
        by_current = o.beta * by_current + o.gain * by_y
        by_y = o.alpha * by_y
        found["hidden_output"] += np.outer(before, by_current)
        by_spike[n] = by_z + push - (0 if stopped else us[n] * by_v)
        through = slopes[n] * (by_spike[n] + by_a)
        by_u = (1 - zs[n]) * by_v + through
        by_a = rho * by_a - jump * through
        by_c = h.beta * by_c + h.gain * by_u
        found["input_hidden"] += np.outer(x[n], by_c)
        found["hidden_hidden"] += np.outer(before, by_c)
        by_z = w["hidden_output"] @ by_current + (0 if stopped else w["hidden_hidden"] @ by_c)
        by_v = h.alpha * by_u
    spikes = np.array(zs) > 0
    recurrent = np.concatenate((np.zeros((1, size), bool), spikes[:-1]))
    return Passed(np.hstack((x > 0, recurrent)), spikes, np.array(slopes), by_spike, found, mean)


def mean_gradients(drawn: Drawn, problem: Problem, push: Any = 0.0) -> dict[str, Array]:
    """Return the mean over examples of gradients through time with spikes to other neurons stopped."""
    batch = drawn.batch(problem.dt)
    each = [backpropagate(problem, drawn.weights, batch, b, True, push).gradients for b in range(len(batch))]
    return {name: np.mean([one[name] for one in each], axis=0) for name in drawn.weights}


def assert_close(found: Any, wanted: Any, tolerance: float) -> None:
    assert list(found) == list(wanted)
    for name in wanted:
        assert np.abs(wanted[name]).max() > 0
        np.testing.assert_allclose(found[name], wanted[name], atol=tolerance * np.abs(wanted[name]).max(), rtol=0)


NETWORKS = {
    "recurrent": PLAN,
    "feed-forward": replace(PLAN, layers=((9, False),)),
    "delay line": replace(PLAN, copies=3),
    "sparse": replace(PLAN, density=0.5),
    "many": replace(PLAN, layers=((70, True),), channels=30, classes=17, drive=0.4),
}


@pytest.mark.parametrize("plan", NETWORKS.values(), ids=NETWORKS)
def test_the_same_weights_give_the_spikes_of_the_cpu_engine_to_the_bit(plan: Plan) -> None:
    drawn = drawn_with(plan)
    batch, own = drawn.batch(), engine_of(drawn)
    other = CpuEngine(drawn.problem(LOSS), drawn.weights, 1)
    for mine, theirs in zip(own.record(batch), other.record(batch), strict=True):
        assert len(mine.spikes["hidden"].times) > 10
        np.testing.assert_array_equal(mine.spikes["hidden"].times, theirs.spikes["hidden"].times)
        np.testing.assert_array_equal(mine.spikes["hidden"].neurons, theirs.spikes["hidden"].neurons)
        for name, voltage in theirs.voltages.items():
            np.testing.assert_array_equal(mine.voltages[name], voltage)
    counts = other.predict([batch]).hidden_counts
    np.testing.assert_array_equal(own.predict([batch]).hidden_counts, counts)
    np.testing.assert_array_equal(own.gradients(batch).hidden_counts, counts)


def wide(rule: Rule) -> Rule:
    """Return a rule's numbers in float64."""
    return Rule(*(np.float64(value) for value in rule[:10]), *rule[10:])


@pytest.mark.parametrize("options", [EpropOptions(), ADAPTIVE], ids=["leaky", "adaptive"])
def test_with_the_true_derivatives_of_spikes_the_traces_give_the_whole_gradient(options: EpropOptions) -> None:
    """As in the authors' check of the factorisation: the sum of dE/dz times the eligibility trace, in float64."""
    drawn = drawn_with()
    problem, batch = problem_of(drawn, options), drawn.batch()
    rule = wide(make_rule(problem))
    left = responses(rule, np.float64)
    size, traces = 9, trace_count(rule)
    sources = trace_sources(rule, left, size)
    for b in range(len(batch)):
        truth = backpropagate(problem, drawn.weights, batch, b, stopped=False)
        rows = truth.events.shape[1]
        synapses, held = np.zeros((rows, traces * size)), np.zeros(rows)
        arrivals = np.full(rows, -1, np.int32), np.empty(BLOCK * rows, np.int32), np.empty(BLOCK * rows, np.int32)
        onto, starts = np.empty((BLOCK, traces * size)), np.empty((traces, 3, size))
        for begin in range(0, problem.steps, BLOCK):
            part = slice(begin, begin + BLOCK)
            kept = 1.0 - truth.spikes[part]
            steps, signal = len(kept), truth.by_spike[part]
            recede_all(steps, sources, signal, truth.slopes[part], kept, rule, GRADIENT, onto, starts, np.empty(size))
            for count, (step, row) in enumerate(np.argwhere(truth.events[part])):
                note(row, step, count, *arrivals)
            block = onto, starts, np.zeros((2, size)), np.empty(traces * size)
            advance_synapses(np.arange(rows, dtype=np.int32), steps, rule, left, block, arrivals, synapses, held)
        found = synapses[:, GRADIENT * size : (GRADIENT + 1) * size]
        wanted = np.vstack((truth.gradients["input_hidden"], truth.gradients["hidden_hidden"]))
        assert truth.spikes.sum() > 20
        np.testing.assert_allclose(found, wanted, atol=1e-6 * np.abs(wanted).max(), rtol=0)


@pytest.mark.parametrize("options", [EpropOptions(), replace(ADAPTIVE, gamma=0.5)], ids=["leaky", "adaptive"])
@pytest.mark.parametrize("plan", NETWORKS.values(), ids=NETWORKS)
def test_the_gradient_is_that_through_time_with_spikes_to_others_stopped(plan: Plan, options: EpropOptions) -> None:
    drawn = drawn_with(plan)
    found = engine_of(drawn, options).gradients(drawn.batch())
    problem = problem_of(drawn, options)
    passed = [backpropagate(problem, drawn.weights, drawn.batch(), b, stopped=True) for b in range(3)]
    np.testing.assert_array_equal(found.hidden_counts, sum(one.spikes.sum(axis=0) for one in passed))
    np.testing.assert_allclose(np.exp(found.logits), [one.mean for one in passed], atol=1e-5)
    assert_close(found.weights, mean_gradients(drawn, problem), 2e-5)


def test_the_regulariser_pulls_by_the_sum_of_eligibility_traces() -> None:
    drawn, regulariser = drawn_with(), Regulariser(0.3, 2.0)
    found = engine_of(drawn, ADAPTIVE, regulariser=regulariser).gradients(drawn.batch())
    push = regulariser.push(found.hidden_counts, 3).astype(np.float64) * 3
    assert_close(found.weights, mean_gradients(drawn, problem_of(drawn, ADAPTIVE), push), 2e-5)


class EachStep(SoftmaxLoss):
    """e-prop's loss, of the voltages at every step, without smoothing and with a uniform window."""

    observes: Observed = "voltage"

    def judge(self, observed: Any, labels: Any, trial: float = np.inf) -> Judgement:
        examples, steps, classes = observed.shape
        losses, gradient = self.cross_entropy(observed.reshape(-1, classes).astype(np.float64), labels.repeat(steps))
        return Judgement(
            observed.mean(axis=1), losses.reshape(examples, steps).mean(axis=1), gradient.reshape(observed.shape)
        )


@needs_torch
def test_a_feed_forward_layers_gradient_is_that_of_surrogate_gradients() -> None:
    from models.methods.surrogate.engine import SurrogateEngine
    from models.methods.surrogate.options import SurrogateOptions

    drawn = drawn_with(NETWORKS["feed-forward"])
    loss = CrossEntropy(Uniform(), temperature=0.7)
    own = EpropEngine(drawn.problem(loss, method="e-prop"), drawn.weights, 1)
    options = SurrogateOptions("triangle", scale=1.0, height=0.3)
    problem = drawn.problem(EachStep(temperature=0.7), method="surrogate", options=options)
    other = SurrogateEngine(problem, drawn.weights, 1, "cpu")
    found, wanted = own.gradients(drawn.batch()), other.gradients(drawn.batch())
    np.testing.assert_array_equal(found.hidden_counts, wanted.hidden_counts)
    assert_close(found.weights, wanted.weights, 2e-5)


@needs_torch
@pytest.mark.parametrize("adaptive", [False, True])
def test_the_gradient_is_autograds_with_spikes_to_others_detached(adaptive: bool) -> None:
    import torch

    from models.methods.surrogate.options import SurrogateOptions
    from models.methods.surrogate.spike import Spike

    options = ADAPTIVE if adaptive else EpropOptions()
    drawn = drawn_with()
    batch, problem = drawn.batch(), problem_of(drawn, options)
    rule, steps = wide(make_rule(problem)), problem.steps
    w = {name: torch.tensor(array, dtype=torch.float64, requires_grad=True) for name, array in drawn.weights.items()}
    surrogate = SurrogateOptions("triangle", scale=1.0, height=options.gamma)
    window = torch.tensor(LOSS.window.table(steps) / steps, dtype=torch.float64)
    total = torch.zeros((), dtype=torch.float64)
    for b in range(len(batch)):
        part = slice(batch.offsets[b], batch.offsets[b + 1])
        x = torch.zeros((steps, 7), dtype=torch.float64)
        x[batch.steps[part], batch.units[part].astype(np.int64)] = 1
        target = torch.full((3,), LOSS.smoothing / 3, dtype=torch.float64)
        target[batch.labels[b]] += 1 - LOSS.smoothing
        v = c = a = z = torch.zeros(9, dtype=torch.float64)
        y = current = torch.zeros(3, dtype=torch.float64)
        for n in range(steps):
            current = current + z @ w["hidden_output"]
            c = c + x[n] @ w["input_hidden"] + z.detach() @ w["hidden_hidden"]
            u, c = rule.alpha * v + rule.gain * c, rule.beta * c
            y, current = rule.alpha_out * y + rule.gain_out * current, rule.beta_out * current
            z = Spike.apply(u - (rule.jump * a if adaptive else 0) - 1, surrogate)
            v, a = u * (1 - z.detach()), rule.rho * a + z
            total = total - window[n] * (target * torch.log_softmax(LOSS.scale / LOSS.temperature * y, 0)).sum()
    wanted = torch.autograd.grad(total / len(batch), list(w.values()))
    found = engine_of(drawn, options).gradients(batch).weights
    assert_close(found, {name: slope.numpy() for name, slope in zip(w, wanted, strict=True)}, 2e-5)


def test_symmetric_feedback_is_the_output_weights_also_after_learning() -> None:
    drawn = drawn_with()
    engine = engine_of(drawn)
    engine.train_epoch([drawn.batch()], 1e-2)
    moved = replace(drawn, weights=engine.weights)
    assert np.abs(moved.weights["hidden_output"] - drawn.weights["hidden_output"]).max() > 5e-3
    again = engine_of(moved).gradients(drawn.batch()).weights
    assert_close(engine.gradients(drawn.batch()).weights, again, 0.0)
    assert_close(again, mean_gradients(moved, problem_of(moved)), 2e-5)
    engine.load_state(engine_of(drawn).state())
    assert_close(engine.gradients(drawn.batch()).weights, engine_of(drawn).gradients(drawn.batch()).weights, 0.0)


@pytest.mark.parametrize("decay", [0.0, 5.0])
def test_random_feedback_stays_and_adaptive_feedback_learns_like_the_output_weights(decay: float) -> None:
    drawn = drawn_with()
    settings = {"optimiser": replace(problem_of(drawn).optimiser, weight_decay=decay)}
    found = {}
    for kind in ("random", "adaptive"):
        engine = engine_of(drawn, EpropOptions(kind), **settings)  # type: ignore[arg-type]
        first = engine.state()["feedback"]
        apart = np.abs(first - engine.weights["hidden_output"].T).max()
        assert apart > 0.1
        for _ in range(20):
            engine.train_epoch([drawn.batch()], 1e-2)
        last = engine.state()["feedback"]
        found[kind] = np.array_equal(first, last)
        if kind == "adaptive":
            left = np.abs(last - engine.weights["hidden_output"].T).max()
            assert left == pytest.approx(apart * (1 - 1e-2 * decay) ** 20, rel=1e-4)
    assert found == {"random": True, "adaptive": False}


@pytest.mark.parametrize("kind", ["symmetric", "random", "adaptive"])
@pytest.mark.parametrize(("neurons", "readout_alone"), [("leaky", 0.84), ("adaptive", 0.94)])
def test_it_learns_more_than_output_weights_alone(kind: Any, neurons: Any, readout_alone: float) -> None:
    """``readout_alone`` is the loss where the hidden weights are put back after every step."""
    drawn = drawn_with(replace(PLAN, layers=((20, True),)), seed=6, trials=6)
    engine = engine_of(drawn, EpropOptions(kind, neurons))
    for _ in range(200):
        last = engine.train_epoch([drawn.batch()], 1e-2)
    assert last.loss < 0.9 * readout_alone
    assert engine.predict([drawn.batch()]).losses.mean() == pytest.approx(last.loss, rel=0.2)


@pytest.mark.parametrize("kind", ["symmetric", "random", "adaptive"])
def test_it_goes_on_from_its_state_to_the_bit_and_threads_change_nothing(kind: Any) -> None:
    drawn = drawn_with(NETWORKS["many"], trials=20)
    options = replace(ADAPTIVE, feedback=kind)
    settings: dict[str, Any] = {"regulariser": Regulariser(1e-2, 3.0)}
    whole, part = (engine_of(drawn, options, threads, **settings) for threads in (1, 2))
    for _ in range(3):
        whole.train_epoch([drawn.batch()], 1e-2)
    part.train_epoch([drawn.batch()], 1e-2)
    rest = engine_of(replace(drawn, weights=part.weights), options, 2, **settings)
    rest.load_state(part.state())
    for _ in range(2):
        rest.train_epoch([drawn.batch()], 1e-2)
    state = rest.state()
    assert list(state) == list(whole.state())
    for name, array in whole.state().items():
        np.testing.assert_array_equal(state[name], array)
    if kind != "symmetric":
        with pytest.raises(InputError, match="nothing for feedback"):
            rest.load_state({name: array for name, array in state.items() if name != "feedback"})


class TestWithGenn:
    pytestmark = needs_genn

    @pytest.mark.parametrize(
        ("size", "alike", "tolerance"), [(0.3, 0.999, 0.03), (1.0, 0.9, 0.3)], ids=["silent", "spiking"]
    )
    def test_its_gradient_is_like_this_one(
        self, size: float, alike: float, tolerance: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """With currents as short as a step mlGeNN's neurons differ only in the reset and in when errors meet traces.

        Its reset subtracts the threshold and leaves traces as they are; without spikes the two gradients are equal.
        """
        from models.methods.eprop.genn.engine import EpropEngine as GennEpropEngine

        monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
        drawn = draw(replace(PLAN, drive=0.6), 4, trials=3, events=6, duration=300.0)
        hidden, output = (replace(p, tau_syn=0.05) for p in (*drawn.network.hidden, drawn.network.output))
        network = replace(drawn.network, hidden=(hidden,), output=output)
        problem = Problem(network, CrossEntropy(Uniform(), 3.0), 1.0, 300, method="e-prop")
        charge = 20 * -np.expm1(-1 / 20)
        weights = {name: (size * 100 * w).astype(np.float32) for name, w in drawn.weights.items()}
        own = EpropEngine(problem, {name: (w / charge).astype(np.float32) for name, w in weights.items()}, 1)
        other = GennEpropEngine(problem, weights)
        found, wanted = own.gradients(drawn.batch()), other.gradients(drawn.batch())
        other.close()
        assert (found.hidden_counts.sum() > 50) == (size == 1.0)
        np.testing.assert_allclose(found.hidden_counts.sum(), wanted.hidden_counts.sum(), rtol=0.1)
        for name in ("input_hidden",) if size < 1 else wanted.weights:
            mine, theirs = found.weights[name].ravel() / charge, wanted.weights[name].ravel()
            lengths = np.linalg.norm(mine), np.linalg.norm(theirs)
            assert mine @ theirs / np.prod(lengths) > alike, name
            assert lengths[0] / lengths[1] == pytest.approx(1, abs=tolerance)


def test_an_example_leaves_nothing_to_the_next_and_silence_costs_nothing_but_steps() -> None:
    drawn = drawn_with(trials=4)
    engine, batch = engine_of(drawn, ADAPTIVE), drawn.batch()
    first = engine.gradients(batch).weights
    assert_close(engine.gradients(batch).weights, first, 0.0)
    parts = []
    for b in range(4):
        part = slice(batch.offsets[b], batch.offsets[b + 1])
        offsets = np.array([0, part.stop - part.start])
        parts.append(
            engine.gradients(SpikeBatch(batch.steps[part], batch.units[part], offsets, batch.labels[b : b + 1]))
        )
    assert_close(first, {name: np.mean([p.weights[name] for p in parts], axis=0) for name in first}, 1e-6)
    silent = SpikeBatch(batch.steps[:0], batch.units[:0], np.zeros(3, np.int64), batch.labels[:2])
    assert all((slope == 0).all() for slope in engine.gradients(silent).weights.values())


def test_a_network_that_diverges_is_seen() -> None:
    drawn = drawn_with()
    drawn.weights["input_hidden"][0, 0] = np.nan
    assert np.isnan(engine_of(drawn).predict([drawn.batch()]).losses).all()


REFUSED = [
    (replace(PLAN, layers=((5, True), (4, True))), "one hidden layer"),
    (replace(PLAN, bias=True), "no biases"),
    (replace(PLAN, delayed=("recurrent",)), "no delays"),
    (replace(PLAN, constants=("hidden",)), "one tau_mem and one tau_syn for all hidden neurons"),
    (replace(PLAN, constants=("output",)), "one tau_mem and one tau_syn for all output neurons"),
]


@pytest.mark.parametrize(("plan", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_it_can_not_train_is_refused(plan: Plan, words: str) -> None:
    with pytest.raises(InputError, match=words):
        choose(draw(plan, 1).problem(LOSS, method="e-prop"), "cpu")


def test_other_losses_and_interpolated_spike_times_are_refused() -> None:
    drawn = draw(PLAN, 1)
    with pytest.raises(InputError, match="MaxOverTime"):
        choose(drawn.problem(MaxOverTime(), method="e-prop"), "cpu")
    with pytest.raises(InputError, match="interpolated"):
        choose(drawn.problem(LOSS, method="e-prop", spike_times="interpolated"), "cpu")
    with pytest.raises(InputError, match="no adjoints"):
        engine_of(drawn).record(drawn.batch(), adjoints=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (EpropOptions("random"), 'feedback is "random".*engine = "cpu" does'),
        (EpropOptions(neurons="adaptive"), 'neurons is "adaptive".*engine = "cpu" does'),
        (EpropOptions(gamma=0.5), 'gamma is 0.5.*engine = "cpu" does'),
    ],
)
def test_genn_refuses_options_that_it_has_not(
    options: MethodOptions, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(available, "missing", lambda: None)
    problem = draw(PLAN, 1).problem(LOSS, method="e-prop", options=options)
    with pytest.raises(InputError, match=words):
        choose(problem, "genn")
    assert choose(problem).entry.engine == "cpu"


@pytest.mark.parametrize("wrong", [{"gamma": 0.0}, {"beta": -1.0}, {"tau_adaptation": 0.0}])
def test_impossible_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        EpropOptions(**wrong)  # type: ignore[arg-type]


def test_networks_run_only_on_engines_with_their_neurons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "missing", lambda: None)
    monkeypatch.setattr(available, "choose", lambda wanted: "single_threaded_cpu")
    problem = draw(PLAN, 1).problem(LOSS, method="e-prop")
    assert find("cpu", "e-prop").neurons == find("cpu", "eventprop").neurons
    with pytest.raises(InputError, match=r'engine "cpu" .*leaky.* engine "genn".*mlGeNN'):
        choose_instead(problem, "genn", "cpu")
    with pytest.raises(InputError, match=r'engine "genn" .*mlGeNN.* engine "cpu".*leaky'):
        choose_instead(problem, "cpu", "genn")
    assert choose_instead(problem, "cpu", "cpu").entry.engine == "cpu"
    monkeypatch.setattr(available, "missing", lambda: "GeNN is not installed")
    trained_by_eventprop = choose_for_trained(draw(PLAN, 1).problem(LOSS), "genn", "auto").entry
    assert (trained_by_eventprop.engine, trained_by_eventprop.method) == ("cpu", "eventprop")
    with pytest.raises(InputError, match="GeNN is not installed"):
        choose_for_trained(problem, "genn", "auto")


def test_it_trains_by_the_same_command_goes_on_to_the_bit_and_is_evaluated(
    words_config: Path, pipeline: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = ["engine=cpu", "training.method=e-prop", "training.options={feedback='adaptive',neurons='adaptive'}"]
    command = ("train", words_config, *(word for change in changes for word in ("--set", change)))
    answer = pipeline(*command)
    assert answer.code == 0, answer
    run = Path(answer.out.strip())
    whole = {name: (run / name).read_bytes() for name in ("best.npz", "last.npz", "metrics.csv", "config.toml")}
    assert b"tau_adaptation = 200.0" in whole["config.toml"]
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "again"))
    train_until_stopped(words_config, changes)
    answer = pipeline(*command)
    assert "going on after epoch 3" in answer.err
    again = Path(answer.out.strip())
    assert {name: (again / name).read_bytes() for name in whole} == whole
    assert pipeline("evaluate", again, "--split", "test").code == 0
    answer = pipeline("evaluate", again, "--split", "test", "--engine", "genn")
    assert answer.code == 2
    assert "Traceback" not in answer.err
