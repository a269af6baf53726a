"""Surrogate gradients: the CPU engine's spikes, and the gradients that equations written out in NumPy give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from event_nets import Plan, draw
from interruptions import train_until_stopped
from torch_extra import needs_torch

from models.engines import registry
from models.engines.coefficients import Coefficients
from models.errors import InputError
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare
from models.methods.surrogate.entry import ENTRY
from models.methods.surrogate.options import SurrogateOptions
from models.network import Synapses
from models.regulariser import Regulariser
from models.windows import Exponential, Gaussian, Uniform
from pipeline.training.run import Run

PLANS = {
    "feed-forward": Plan(),
    "recurrent": Plan(((8, True),)),
    "two layers": Plan(((8, True), (6, True))),
    "delay line": Plan(((8, True),), channels=4, copies=3),
    "own constants": Plan(((8, True),), constants=("hidden", "output")),
    "biases": Plan(((8, True),), bias=True),
    "sparse": Plan(((8, True),), density=0.5),
}

LOSSES: dict[str, Loss] = {
    "uniform": CrossEntropy(Uniform(), 5.0),
    "gaussian": CrossEntropy(Gaussian(mu=0.3, sigma=0.2), 5.0, temperature=0.9, smoothing=0.1),
    "exponential": CrossEntropy(Exponential(), 5.0),
    "peak": MaxOverTime(5.0),
    "mean square": MeanSquare(Gaussian()),
}

SHAPES = ("fast-sigmoid", "atan", "triangle")


def engine(drawn: Any, loss: Loss, **settings: Any) -> Any:
    from models.methods.surrogate.engine import SurrogateEngine

    options = settings.pop("options", SurrogateOptions())
    problem = drawn.problem(loss, method="surrogate", options=options, **settings)
    assert ENTRY.refusal(problem) is None
    return SurrogateEngine(problem, drawn.weights)


@needs_torch
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("plan", PLANS)
def test_the_same_weights_give_the_cpu_engines_spikes_voltages_and_losses(plan: str, loss: str) -> None:
    drawn = draw(PLANS[plan], 3)
    ours, theirs = engine(drawn, LOSSES[loss]), drawn.engine(LOSSES[loss])
    batch = drawn.batch()
    for a, b in zip(ours.record(batch), theirs.record(batch), strict=True):
        assert a.spikes.keys() == b.spikes.keys()
        for name in b.spikes:
            assert len(b.spikes[name].times) >= 5
            np.testing.assert_array_equal(a.spikes[name].times, b.spikes[name].times)
            np.testing.assert_array_equal(np.sort(a.spikes[name].neurons), np.sort(b.spikes[name].neurons))
        for name in b.voltages:
            np.testing.assert_allclose(a.voltages[name], b.voltages[name], atol=2e-5)
        np.testing.assert_allclose(a.logits, b.logits, rtol=1e-4, atol=1e-4)
    said, wanted = ours.predict([batch]), theirs.predict([batch])
    np.testing.assert_allclose(said.losses, wanted.losses, rtol=1e-4)
    np.testing.assert_array_equal(said.hidden_counts, wanted.hidden_counts)
    # No spike lies on the way to the readout's weights: their gradient is the exact one.
    found, exact = ours.gradients(batch).weights, theirs.gradients(batch).weights
    last = drawn.network.connections[-1].name
    there = drawn.weights[last] != 0
    np.testing.assert_allclose(found[last][there], exact[last][there], rtol=1e-3, atol=1e-5)


def surrogate(x: np.ndarray, options: SurrogateOptions) -> np.ndarray:
    """The derivative of a spike by x = V - 1, as the papers have it."""
    if options.shape == "fast-sigmoid":
        return options.height / (1 + options.scale * np.abs(x)) ** 2
    if options.shape == "atan":
        return options.height / (1 + (np.pi / 2 * options.scale * x) ** 2)
    return options.height * np.maximum(0, 1 - options.scale * np.abs(x))


def gradients_of_one_layer(
    drawn: Any, loss: Loss, options: SurrogateOptions, push: np.ndarray
) -> dict[str, np.ndarray]:
    """Forward and backward through time of a recurrent layer, written out in float64."""
    network, steps = drawn.network, round(drawn.duration)
    h, o = network.hidden[0], network.output
    ch, co = (Coefficients.of(np.array(p.tau_mem), np.array(p.tau_syn), 1.0, False) for p in (h, o))
    w_in, w_rec, w_out = (drawn.weights[n].astype(float) for n in ("input_hidden", "hidden_hidden", "hidden_output"))
    batch, window = drawn.batch(), loss.readout.table(steps).astype(float) / steps
    grads = {name: np.zeros_like(w, dtype=float) for name, w in drawn.weights.items()}
    examples = len(batch)
    x = np.zeros((examples, steps, w_in.shape[0]))
    for b in range(examples):
        part = slice(batch.offsets[b], batch.offsets[b + 1])
        x[b, batch.steps[part], batch.units[part]] = 1
    for b in range(examples):
        current, voltage, z = np.zeros((3, h.size))
        io, vo, mean = np.zeros((3, o.size))
        before, spikes = np.zeros((2, steps, h.size))
        for t in range(steps):
            io = io + z @ w_out
            vo = co.alpha * vo + co.gain * io
            io = co.beta * io
            mean += window[t] * vo
            current = current + x[b, t] @ w_in + z @ w_rec
            voltage = ch.alpha * voltage + ch.gain * current
            current = ch.beta * current
            before[t] = voltage - 1
            z = (before[t] >= 0).astype(float)
            spikes[t] = z
            voltage = voltage * (1 - z)
        error = loss.judge(mean[None], batch.labels[b : b + 1]).gradient[0] / examples
        p_v, p_i = np.zeros((2, h.size))  # dL/dV, dL/dI behind step t
        q_v, q_i = np.zeros((2, o.size))
        p_z = push.copy()  # dL/dz of step t by what comes later, and by the regulariser
        for t in range(steps - 1, -1, -1):
            before_reset = p_v * (1 - spikes[t])
            if options.reset == "differentiated":
                p_z = p_z - p_v * (before[t] + 1)
            at = before_reset + p_z * surrogate(before[t], options)
            drive = ch.beta * p_i + ch.gain * at
            p_v, p_i = ch.alpha * at, drive
            grads["input_hidden"] += np.outer(x[b, t], drive)
            q_v = q_v + window[t] * error
            out = co.beta * q_i + co.gain * q_v
            q_v, q_i = co.alpha * q_v, out
            z = spikes[t - 1] if t else np.zeros(h.size)
            grads["hidden_hidden"] += np.outer(z, drive)
            grads["hidden_output"] += np.outer(z, out)
            p_z = push + w_rec @ drive + w_out @ out
    return grads


@needs_torch
@pytest.mark.parametrize("reset", ["detached", "differentiated"])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_are_those_of_the_equations_written_out(shape: Any, reset: Any) -> None:
    drawn = draw(PLANS["recurrent"], 5)
    loss = CrossEntropy(Gaussian(mu=0.3, sigma=0.2), 5.0)
    options = SurrogateOptions(shape=shape, scale=2.0, height=0.7, reset=reset)
    ours = engine(drawn, loss, options=options)
    found = ours.gradients(drawn.batch()).weights
    wanted = gradients_of_one_layer(drawn, loss, options, np.zeros(8))
    for name, slope in wanted.items():
        assert np.linalg.norm(found[name] - slope) < 1e-4 * np.linalg.norm(slope), name


@needs_torch
def test_the_regulariser_pulls_at_every_spike() -> None:
    drawn = draw(PLANS["recurrent"], 5)
    loss, options = CrossEntropy(Uniform(), 5.0), SurrogateOptions(scale=2.0)
    regulariser = Regulariser(strength=0.01, target=2.0)
    ours = engine(drawn, loss, options=options, regulariser=regulariser)
    found = ours.gradients(drawn.batch())
    push = regulariser.push(found.hidden_counts, len(drawn.trials)).astype(float)
    wanted = gradients_of_one_layer(drawn, loss, options, push)
    without = gradients_of_one_layer(drawn, loss, options, np.zeros(8))
    for name in ("input_hidden", "hidden_hidden"):
        assert np.linalg.norm(found.weights[name] - wanted[name]) < 1e-4 * np.linalg.norm(wanted[name])
        assert np.linalg.norm(without[name] - wanted[name]) > 1e-3 * np.linalg.norm(wanted[name])


@needs_torch
@pytest.mark.parametrize("shape", SHAPES)
def test_spikes_have_the_derivative_of_a_smooth_step(shape: Any) -> None:
    """Finite differences of the function of which each surrogate is the derivative."""
    import torch

    from models.methods.surrogate.spike import Spike, derivative

    options = SurrogateOptions(shape=shape, scale=3.0, height=0.8)

    def smooth(x: np.ndarray) -> np.ndarray:
        s = options.scale
        if shape == "fast-sigmoid":
            return options.height * x / (1 + s * np.abs(x))
        if shape == "atan":
            return options.height * np.arctan(np.pi / 2 * s * x) / (np.pi / 2 * s)
        y = np.clip(x, -1 / s, 1 / s)
        return options.height * (y - s * y * np.abs(y) / 2)

    x = np.linspace(-1.0, 1.0, 101) + 1e-3
    slope = (smooth(x + 1e-6) - smooth(x - 1e-6)) / 2e-6
    given = torch.tensor(x, requires_grad=True)
    spikes = Spike.apply(given, options)
    assert spikes.tolist() == (x >= 0).astype(float).tolist()
    (found,) = torch.autograd.grad(spikes.sum(), given)
    np.testing.assert_allclose(found.numpy(), slope, atol=1e-6)
    np.testing.assert_allclose(derivative(torch.tensor(x), options).numpy(), slope, atol=1e-6)


@needs_torch
def test_trained_time_constants_and_biases_have_the_readouts_exact_gradient() -> None:
    drawn = draw(replace(PLANS["own constants"], bias=True), 3)
    loss = LOSSES["gaussian"]
    found = engine(drawn, loss).gradients(drawn.batch()).weights
    exact = drawn.engine(loss).gradients(drawn.batch()).weights
    for name in ("output_tau_mem", "output_tau_syn", "output_bias"):
        np.testing.assert_allclose(found[name], exact[name], rtol=2e-3, atol=1e-6)
    assert all(np.any(found[f"hidden_{name}"] != 0) for name in ("tau_mem", "tau_syn", "bias"))


@needs_torch
def test_learning_lowers_the_loss_and_absent_synapses_stay_absent() -> None:
    drawn = draw(PLANS["sparse"], 3, trials=6)
    ours = engine(drawn, LOSSES["gaussian"])
    batch = drawn.batch()
    losses = [ours.train_epoch([batch], 0.02).loss for _ in range(30)]
    assert losses[-1] < 0.5 * losses[0]
    for name, weights in ours.weights.items():
        np.testing.assert_array_equal(weights == 0, drawn.weights[name] == 0)


def test_what_it_cant_do_is_said() -> None:
    drawn = draw(PLANS["recurrent"], 3)
    delayed = draw(replace(PLANS["recurrent"], delayed=("input",)), 3)
    for problem, wanted in (
        (delayed.problem(CrossEntropy()), "has no delays of single synapses"),
        (draw(Plan(), 3, spiking=True).problem(FirstSpike()), "has no gradient of the times of the outputs' spikes"),
        (drawn.problem(CrossEntropy(), spike_times="interpolated"), "has spikes on the time grid only"),
    ):
        assert (ENTRY.refusal(problem) or "").startswith(wanted)
    assert Synapses().delays == "none"


@pytest.mark.parametrize("field", ["scale", "height"])
def test_impossible_settings_are_refused(field: str) -> None:
    with pytest.raises(InputError, match=f"surrogate.{field} is 0; it must be above 0"):
        SurrogateOptions(**{field: 0})


Pipeline = Callable[..., Any]


def test_without_pytorch_the_sentence_says_what_to_install(
    words_config: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.engines.torch.entry.importlib.util.find_spec", lambda _: None)
    answer = pipeline("train", words_config, "--set", "training.method=surrogate")
    assert answer.sentence.endswith(
        'no engine can train this by "surrogate": torch: PyTorch is not installed; pip install torch'
    )


def test_options_are_completed_from_the_method_and_refused_for_others(words_config: Path) -> None:
    from pipeline.config import load_config

    config = load_config(words_config, ["training.method=surrogate", "training.options.scale=4"])
    assert config.training.options == SurrogateOptions(scale=4.0)
    again = words_config.with_name("again.toml")
    again.write_text(config.toml())
    assert load_config(again) == config
    assert load_config(again, ["training.method=eventprop"]).training.options is None
    assert "options" not in load_config(words_config).toml()
    with pytest.raises(InputError, match=r'training.options is set, but training.method "eventprop" has no options'):
        load_config(words_config, ["training.options.scale=4"])
    with pytest.raises(InputError, match=r"training.options.scale"):
        load_config(words_config, ["training.method=surrogate", "training.options.scales=4"])
    with pytest.raises(InputError, match=r"training.options.*shape"):
        load_config(words_config, ["training.method=surrogate", "training.options.shape=round"])


@needs_torch
def test_it_trains_by_the_same_command_goes_on_to_the_bit_and_runs_elsewhere(
    words_config: Path, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("train", words_config, "--set", "training.method=surrogate", "--threads", 1)
    answer = pipeline(*command)
    assert answer.code == 0, answer
    run = Run.at(answer.out.strip())
    whole = {name: (run.folder / name).read_bytes() for name in ("best.npz", "last.npz", "metrics.csv")}
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "again"))

    train_until_stopped(words_config, ["training.method=surrogate"])
    answer = pipeline(*command)
    assert "going on after epoch 3" in answer.err
    again = Path(answer.out.strip())
    assert {name: (again / name).read_bytes() for name in whole} == whole
    assert pipeline("evaluate", again, "--split", "test", "--threads", 1).code == 0
    scored = (again / "evaluation-test.json").read_text()
    # Where PyTorch is not installed, the CPU engine runs the network: it has the same neurons.
    monkeypatch.setattr("models.engines.torch.entry.importlib.util.find_spec", lambda _: None)
    answer = pipeline("evaluate", again, "--split", "test")
    assert answer.code == 0, answer
    import json

    one, other = json.loads(scored), json.loads((again / "evaluation-test.json").read_text())
    assert one["right"] == other["right"]
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)


def test_all_methods_of_a_kind_run_each_others_networks() -> None:
    assert ENTRY.neurons == registry.find("cpu", "eventprop").neurons
