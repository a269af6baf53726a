"""Parallel neurons: Yarga and Wood's recurrence step by step, and its gradients, against all steps at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw
from torch_extra import needs_torch

from models.batch import SpikeBatch
from models.engines import registry
from models.engines.base import Engine
from models.engines.entry import Resources
from models.errors import InputError
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare
from models.methods.options import MethodOptions
from models.methods.parallel_lif.entry import ENTRY
from models.methods.parallel_lif.options import ParallelOptions
from models.methods.spsn.entry import ENTRY as SPSN
from models.methods.spsn.options import SpsnOptions
from models.network import Synapses
from models.regulariser import Regulariser
from models.windows import Gaussian
from pipeline.training.run import Run

if TYPE_CHECKING:
    import torch

PLANS = {
    "feed-forward": Plan(drive=0.3),
    "two passes": Plan(((8, True),), drive=0.3),
    "two layers": Plan(((8, True), (6, True)), drive=0.3),
    "delay line": Plan(((8, False),), channels=4, copies=3, drive=0.3),
    "own constants": Plan(((8, True),), constants=("hidden", "output"), drive=0.3),
    "biases": Plan(((8, True), (6, False)), bias=True, drive=0.3),
}
SPIKES = ("threshold", "delta", "stochastic", "gumbel")
LOSS = CrossEntropy(Gaussian(mu=0.4, sigma=0.3), 5.0, smoothing=0.1)
LOSSES: dict[str, Loss] = {"windowed": LOSS, "peak": MaxOverTime(5.0), "mean square": MeanSquare(Gaussian())}
Pipeline = Callable[..., Any]


def options(spikes: Any, **settings: Any) -> ParallelOptions:
    return ParallelOptions(spikes=spikes, **{"delta": 0.05, "scale": 3.0, **settings})


def engine(drawn: Drawn, own: MethodOptions, loss: Loss = LOSS, **settings: Any) -> Engine:
    entry = SPSN if isinstance(own, SpsnOptions) else ENTRY
    problem = drawn.problem(loss, method=entry.method, options=own, **settings)
    assert entry.refusal(problem) is None
    return entry.make(problem, drawn.weights, Resources(threads=1, device="cpu"))


class Sequential:
    """Yarga and Wood's recurrence, a step at a time in float64, with the derivatives of their code."""

    def __init__(self, drawn: Drawn, own: ParallelOptions, update: int, batch: SpikeBatch | None = None) -> None:
        import torch

        from models.engines.torch.noise import Noise

        self.torch, self.drawn, self.own = torch, drawn, own
        self.batch = drawn.batch() if batch is None else batch
        self.steps = round(drawn.duration)
        self.weights = {n: torch.tensor(w, dtype=torch.float64).requires_grad_() for n, w in drawn.weights.items()}
        self.noise = Noise(update, len(self.batch), torch.device("cpu"))
        self.voltages: dict[str, torch.Tensor] = {}
        self.spikes: dict[str, torch.Tensor] = {}
        arriving, below = self.inputs(), "input"
        for name, layer in drawn.network.populations.items():
            x = arriving @ self.weights[f"{below}_{name}"]
            self.alpha, self.beta, tau_syn = self.constants(name, layer)
            if name == "output":
                gain = (1 - self.beta) * tau_syn * (1 - self.alpha)
                push = (1 - self.beta) * self.weights["output_bias"] if layer.bias else 0.0
                self.voltages[name] = self.membrane(x, gain, push)
                break
            if layer.bias:
                x = x + self.weights[f"{name}_bias"]
            voltage = self.membrane(x, 1 - self.beta)
            if f"{name}_{name}" in self.weights:
                zero = torch.zeros_like(voltage[:1])
                state = self.fire(torch.cat([zero, voltage[:-1]]))
                voltage = voltage + self.membrane(x + state @ self.weights[f"{name}_{name}"], 1 - self.beta)
            self.voltages[name], self.spikes[name] = voltage, self.fire(voltage)
            arriving, below = self.spikes[name], name

    def inputs(self) -> torch.Tensor:
        line, channels = self.drawn.network.input.delay_line, self.drawn.network.input.channels
        x = np.zeros((self.steps, len(self.batch), self.drawn.network.input.size))
        for b in range(len(self.batch)):
            part = slice(self.batch.offsets[b], self.batch.offsets[b + 1])
            for step, unit in zip(self.batch.steps[part], self.batch.units[part], strict=True):
                for copy in range(line.copies):
                    late = step + round(copy * line.spacing)
                    if late < self.steps:
                        x[late, b, copy * channels + unit] = 1
        return self.torch.tensor(x)

    def constants(self, name: str, layer: Any) -> Any:
        mem = self.weights.get(f"{name}_tau_mem", self.torch.tensor(layer.tau_mem, dtype=self.torch.float64))
        syn = self.weights.get(f"{name}_tau_syn", self.torch.tensor(layer.tau_syn, dtype=self.torch.float64))
        return self.torch.exp(-1 / syn), self.torch.exp(-1 / mem), syn

    def membrane(self, x: torch.Tensor, gain: Any, push: Any = 0.0) -> torch.Tensor:
        current = voltage = self.torch.zeros_like(x[0])
        found = []
        for arriving in x:
            current = self.alpha * current + arriving
            voltage = self.beta * voltage + gain * current + push
            found.append(voltage)
        return self.torch.stack(found)

    def fire(self, voltage: torch.Tensor) -> torch.Tensor:
        """A spike, to which a function is added whose value is 0 and whose derivative is the surrogate."""
        torch, own = self.torch, self.own
        if own.spikes in ("stochastic", "gumbel"):
            uniform = self.noise.uniform(self.steps, voltage.shape[2]).double()
            probability = torch.sigmoid(voltage if own.spikes == "stochastic" else 2 * voltage)
            hard = uniform < probability if own.spikes == "stochastic" else 1 - uniform < probability
            noisy = torch.sigmoid(2 * voltage + torch.log(uniform / (1 - uniform)))
            smooth = probability**2 / 2 if own.spikes == "stochastic" else noisy
        else:
            rise = [voltage[t] - (voltage[t - 1] if t else 0) for t in range(self.steps)]
            x = voltage - 1 if own.spikes == "threshold" else torch.stack(rise) - own.delta
            hard = x >= 0
            steep = own.scale * x
            smooth = x / (1 + steep.abs()) if own.shape == "fast-sigmoid" else torch.atan(np.pi / 2 * steep) / np.pi
        return hard.double() + (smooth - smooth.detach())

    def observed(self, loss: Loss) -> torch.Tensor:
        voltage = self.voltages["output"]
        if loss.observes == "mean voltage":
            return self.torch.einsum(
                "t,tbk->bk", self.torch.tensor(loss.readout.table(self.steps)).double(), voltage
            ) / (self.steps)
        return voltage.amax(dim=0) if loss.observes == "peak voltage" else voltage.transpose(0, 1)

    def gradients(self, loss: Loss, regulariser: Regulariser) -> dict[str, np.ndarray]:
        seen = self.observed(loss)
        slope = loss.judge(seen.detach().numpy(), self.batch.labels, self.drawn.duration).gradient
        total = (seen * self.torch.tensor(slope)).sum()
        for spikes in self.spikes.values():
            counts = spikes.detach().sum(dim=(0, 1)).numpy().astype(np.int64)
            push = regulariser.push(counts, len(self.batch))
            total = total + (spikes.sum(dim=(0, 1)) * self.torch.tensor(push)).sum()
        total.backward()
        return {name: np.zeros(w.shape) if w.grad is None else w.grad.numpy() for name, w in self.weights.items()}


@needs_torch
@pytest.mark.parametrize("spikes", SPIKES)
@pytest.mark.parametrize("plan", PLANS)
def test_all_steps_at_once_are_the_recurrence_step_by_step(plan: str, spikes: str) -> None:
    drawn = draw(PLANS[plan], 3)
    wanted = Sequential(drawn, options(spikes), update=0)
    for b, found in enumerate(engine(drawn, options(spikes)).record(drawn.batch())):
        for name, voltage in wanted.voltages.items():
            truth = voltage[:, b].detach().numpy()
            assert np.abs(truth).max() > 0.1
            np.testing.assert_allclose(found.voltages[name], truth, atol=1e-5 * max(1, np.abs(truth).max()))
        for name, fired in wanted.spikes.items():
            steps, neurons = np.nonzero(fired[:, b].detach().numpy())
            assert len(steps) >= 5
            np.testing.assert_array_equal(found.spikes[name].times, steps + 1)
            np.testing.assert_array_equal(found.spikes[name].neurons, neurons)


@needs_torch
def test_until_a_neuron_spikes_it_is_a_leaky_integrate_and_fire_neuron() -> None:
    drawn = draw(PLANS["feed-forward"], 4)
    network, weights = drawn.network, drawn.weights
    x = Sequential(drawn, options("threshold"), 0).inputs().numpy() @ weights["input_hidden"].astype(float)
    alpha, beta = np.exp(-1 / network.hidden[0].tau_syn), np.exp(-1 / network.hidden[0].tau_mem)
    current, voltage = np.zeros((2, *x.shape[1:]))
    unreset = np.ones(voltage.shape, dtype=bool)
    found = np.stack([r.voltages["hidden"] for r in engine(drawn, options("threshold")).record(drawn.batch())], axis=1)
    for t, arriving in enumerate(x):
        current = alpha * current + arriving
        voltage = beta * voltage + (1 - beta) * current
        np.testing.assert_allclose(found[t][unreset], voltage[unreset], atol=1e-5)
        # The first spike is that of the leaky integrate-and-fire neuron, whose voltage falls to 0 then; this one's not.
        np.testing.assert_array_equal((found[t] >= 1)[unreset], (voltage >= 1)[unreset])
        unreset &= voltage < 1
        voltage = np.where(voltage >= 1, 0, voltage)
    assert 3 < unreset.sum() < unreset.size - 3
    assert np.abs(found[-1] - voltage)[~unreset].min() > 0


@needs_torch
def test_below_the_threshold_voltages_are_the_cpu_engines_but_for_the_gain() -> None:
    drawn = draw(replace(PLANS["feed-forward"], drive=0.0), 4)
    quiet = {name: w * (0.1 if name == "input_hidden" else 1) for name, w in drawn.weights.items()}
    drawn = replace(drawn, weights=quiet)
    theirs, batch = drawn.engine(LOSS).record(drawn.batch()), drawn.batch()
    tau = drawn.network.hidden[0].tau_syn
    for found, wanted in zip(engine(drawn, options("threshold")).record(batch), theirs, strict=True):
        assert not len(found.spikes["hidden"].times)
        assert not len(wanted.spikes["hidden"].times)
        gain = tau * (1 - np.exp(-1 / tau))
        np.testing.assert_allclose(found.voltages["hidden"] * gain, wanted.voltages["hidden"], atol=1e-6)


@needs_torch
@pytest.mark.parametrize("spikes", SPIKES)
@pytest.mark.parametrize("plan", ["feed-forward", "two layers", "own constants"])
def test_no_future_input_changes_a_past_spike(plan: str, spikes: str) -> None:
    drawn = draw(PLANS[plan], 5)
    # As slow as the trial is long: what comes out of it at the end is still there when the next would begin.
    slow = {name: w * (5 if name in ("hidden_tau_mem", "input_hidden") else 1) for name, w in drawn.weights.items()}
    drawn, batch, now = replace(drawn, weights=slow), drawn.batch(), 50
    past = batch.steps < now
    kept = [past[begin:end].sum() for begin, end in pairwise(batch.offsets)]
    ends = np.cumsum([0, *kept])
    without = replace(batch, steps=batch.steps[past], units=batch.units[past], offsets=ends)
    own = engine(drawn, options(spikes))
    for one, other in zip(own.record(batch), own.record(without), strict=True):
        for name in one.spikes:
            early, same = (s.spikes[name].times <= now for s in (one, other))
            assert early.sum() >= 5
            np.testing.assert_array_equal(one.spikes[name].times[early], other.spikes[name].times[same])
            np.testing.assert_array_equal(one.spikes[name].neurons[early], other.spikes[name].neurons[same])
        for name, voltage in one.voltages.items():
            precision = 1e-5 * np.abs(voltage).max()
            np.testing.assert_allclose(voltage[:now], other.voltages[name][:now], atol=precision)
        first = next(iter(one.voltages))
        assert np.abs(one.voltages[first] - other.voltages[first]).max() > 0.1


@needs_torch
@pytest.mark.parametrize("spikes", SPIKES)
@pytest.mark.parametrize("plan", PLANS)
def test_gradients_are_those_of_the_recurrence_step_by_step(plan: str, spikes: str) -> None:
    drawn, regulariser = draw(PLANS[plan], 6), Regulariser(strength=0.01, target=20.0)
    for shape in ("fast-sigmoid", "atan") if spikes in ("threshold", "delta") else ("fast-sigmoid",):
        own = options(spikes, shape=shape)
        found = engine(drawn, own, regulariser=regulariser).gradients(drawn.batch()).weights
        wanted = Sequential(drawn, own, update=1).gradients(LOSS, regulariser)
        assert found.keys() == wanted.keys()
        for name, slope in wanted.items():
            assert np.linalg.norm(found[name] - slope) < 1e-3 * np.linalg.norm(slope), name


@needs_torch
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_reaches_all_weights(loss: str) -> None:
    drawn, own = draw(PLANS["two passes"], 7), options("delta")
    found = engine(drawn, own, LOSSES[loss]).gradients(drawn.batch()).weights
    wanted = Sequential(drawn, own, update=1).gradients(LOSSES[loss], Regulariser())
    for name, slope in wanted.items():
        assert np.linalg.norm(found[name] - slope) < 1e-3 * np.linalg.norm(slope), name


@needs_torch
@pytest.mark.parametrize("spikes", SPIKES)
def test_the_readouts_gradient_is_that_of_finite_differences(spikes: str) -> None:
    drawn, step = draw(PLANS["two passes"], 8), 1e-2
    own, batch = engine(drawn, options(spikes)), drawn.batch()
    found = own.gradients(batch).weights["hidden_output"]
    for place in [(0, 0), (3, 1), (7, 2)]:
        losses = []
        for sign in (1, -1):
            moved = {name: w.copy() for name, w in drawn.weights.items()}
            moved["hidden_output"][place] += sign * step
            own.set_weights(moved)
            losses.append(own.gradients(batch).losses.mean())
        assert found[place] == pytest.approx((losses[0] - losses[1]) / (2 * step), rel=2e-3, abs=1e-5)


@needs_torch
@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("spikes", SPIKES)
def test_every_spike_function_learns(spikes: str, recurrent: bool) -> None:
    drawn = draw(Plan(((16, recurrent),), channels=12, classes=4, drive=0.3), 1, trials=4)
    trained, batch = engine(drawn, options(spikes)), drawn.batch()
    first = trained.predict([batch]).losses.mean()
    for _ in range(100):
        trained.train_epoch([batch], 1e-2)
    assert trained.predict([batch]).losses.mean() < 0.4 * first


@needs_torch
@pytest.mark.parametrize("own", [SpsnOptions(), SpsnOptions(spikes="gumbel"), options("stochastic")])
def test_random_neurons_spike_at_every_second_step_if_nothing_holds_them_back(own: MethodOptions) -> None:
    drawn = draw(Plan(((32, False),), drive=0.02), 9, trials=4)
    weights = {name: w * (0.02 if name == "input_hidden" else 1) for name, w in drawn.weights.items()}
    counts = engine(replace(drawn, weights=weights), own).predict([drawn.batch()]).hidden_counts
    rates = counts / (4 * drawn.duration)
    assert rates.mean() == pytest.approx(0.5, abs=0.02)
    # A neuron's numbers are the same in every example: 100 of them.
    assert np.abs(rates - 0.5).max() < 0.2


@needs_torch
@pytest.mark.parametrize("spikes", ["stochastic", "gumbel"])
def test_spsn_is_the_feed_forward_network_with_random_spikes(spikes: Any) -> None:
    drawn = draw(PLANS["feed-forward"], 10)
    one, other = engine(drawn, SpsnOptions(spikes=spikes)), engine(drawn, options(spikes))
    np.testing.assert_array_equal(one.predict([drawn.batch()]).logits, other.predict([drawn.batch()]).logits)


@needs_torch
def test_random_spikes_are_new_in_every_update_and_the_same_in_every_prediction() -> None:
    drawn = draw(PLANS["two passes"], 11, trials=4)
    own, batch = engine(drawn, options("stochastic")), drawn.batch()
    before = own.gradients(batch)
    np.testing.assert_array_equal(own.gradients(batch).hidden_counts, before.hidden_counts)
    said = own.predict([batch])
    # A rate of 0: nothing is learned, but an update is over.
    own.train_epoch([batch], 0.0)
    assert not np.array_equal(own.gradients(batch).hidden_counts, before.hidden_counts)
    np.testing.assert_array_equal(own.predict([batch]).logits, said.logits)
    first = slice(0, batch.offsets[1])
    alone = SpikeBatch(batch.steps[first], batch.units[first], batch.offsets[:2], batch.labels[:1])
    np.testing.assert_allclose(own.predict([alone]).logits[0], said.logits[0], rtol=1e-5)
    np.testing.assert_allclose(own.record(alone)[0].logits, said.logits[0], rtol=1e-5)


@needs_torch
@pytest.mark.parametrize("method", ["parallel-lif", "spsn"])
def test_it_trains_by_the_same_command_and_goes_on_to_the_bit(
    method: str, words_config: Path, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interruptions import train_until_stopped

    chosen = [f"training.method={method}", "training.options.spikes=stochastic"]
    chosen += ["network.recurrent=false"] if method == "spsn" else []
    command = ("train", words_config, *(word for one in chosen for word in ("--set", one)), "--threads", 1)
    answer = pipeline(*command)
    assert answer.code == 0, answer
    whole = {name: (Run.at(answer.out.strip()).folder / name).read_bytes() for name in ("best.npz", "last.npz")}
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "again"))
    train_until_stopped(words_config, chosen)
    answer = pipeline(*command)
    assert "going on after epoch 3" in answer.err
    again = Path(answer.out.strip())
    assert {name: (again / name).read_bytes() for name in whole} == whole
    assert pipeline("evaluate", again, "--split", "test", "--threads", 1).code == 0
    # No other kind of neuron runs its network.
    monkeypatch.setattr("models.engines.torch.entry.importlib.util.find_spec", lambda _: None)
    said = pipeline("evaluate", again, "--split", "test").sentence
    assert said.endswith('engine "torch": PyTorch is not installed; pip install torch')


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"synapses": Synapses(1.0, "trained", 5.0)}, "has no delays of single synapses"),
    ({"loss": FirstSpike()}, "has no gradient of the times of the outputs' spikes"),
    ({"spike_times": "interpolated"}, 'has spikes on the time grid only, and network.spike_times is "interpolated"'),
]


@pytest.mark.parametrize(("asked", "said"), REFUSED)
@pytest.mark.parametrize("entry", [ENTRY, SPSN])
def test_what_it_cannot_do_is_refused(entry: Any, asked: dict[str, Any], said: str) -> None:
    problem = draw(PLANS["feed-forward"], 1).problem(LOSS, method=entry.method)
    assert entry.refusal(problem) is None
    if "synapses" in asked:
        hidden = (replace(problem.network.hidden[0], synapses=asked["synapses"]),)
        asked = {"network": replace(problem.network, hidden=hidden)}
    assert entry.refusal(replace(problem, **asked)) == said


@needs_torch
def test_spsn_refuses_recurrent_layers() -> None:
    problem = draw(PLANS["two layers"], 1).problem(LOSS, method="spsn", options=SpsnOptions())
    with pytest.raises(InputError) as refused:
        registry.choose(problem)
    # PyTorch is here: the sentence does not say to install it.
    why = "torch trains feed-forward layers only, and network.recurrent is true"
    assert str(refused.value) == f'no engine can train this by "spsn": {why}'


def test_no_engine_of_other_neurons_runs_its_networks() -> None:
    assert ENTRY.neurons == SPSN.neurons
    assert {e.method for e in registry.ENTRIES if e.neurons == ENTRY.neurons} == {"parallel-lif", "spsn"}


def test_options_are_the_methods_own(words_config: Path) -> None:
    from pipeline.config import load_config

    config = load_config(words_config, ["training.method=parallel-lif", "training.options.spikes=threshold"])
    assert config.training.options == ParallelOptions(spikes="threshold")
    assert load_config(words_config, ["training.method=spsn"]).training.options == SpsnOptions()
    with pytest.raises(InputError, match=r"training.options.*spikes"):
        load_config(words_config, ["training.method=spsn", "training.options.spikes=delta"])
    for field in ("delta", "scale"):
        with pytest.raises(InputError, match=f"parallel-lif.{field} is 0.0; it must be above 0"):
            ParallelOptions(**{field: 0.0})
