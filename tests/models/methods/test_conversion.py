"""Conversion: rates tend to the outputs of rectified units, and the network is trained, resumed and run by command."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interruptions import train_until_stopped
from torch_extra import needs_torch

from models.batch import SpikeBatch
from models.engines.entry import Resources
from models.errors import InputError
from models.initialisers import Initial
from models.losses import CrossEntropy
from models.methods.ann.entry import ENTRY as NUMBERS
from models.methods.ann.options import AnnOptions
from models.methods.conversion.entry import ENTRY
from models.methods.conversion.options import ConversionOptions
from models.network import Hidden, Input, Leaky, Network
from models.problem import Problem
from pipeline.data.datasets import load
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.trained import load_trained
from pipeline.training.run import Run

CHANNELS, STEPS, CLASSES, EXAMPLES = 24, 60, 3, 12


def make_problem(hidden: tuple[int, ...] = (9, 6), **options: Any) -> Problem:
    network = Network(Input(CHANNELS), tuple(Hidden(size) for size in hidden), Leaky(CLASSES))
    given = ConversionOptions(**({"frames": 6, "bands": 4, "dropout": 0.0} | options))
    return Problem(network, CrossEntropy(), 2.0, STEPS, method="conversion", options=given)


def make_engine(problem: Problem, **weights: Any) -> Any:
    drawn = ENTRY.draw(problem, Initial(), 1)
    return ENTRY.make(problem, drawn | weights, Resources(threads=1, device="cpu"))


@pytest.fixture
def batch() -> SpikeBatch:
    rng = np.random.default_rng(2)
    cells = [np.sort(rng.choice(STEPS * CHANNELS, 200, replace=False)) for _ in range(EXAMPLES)]
    steps, units = np.divmod(np.concatenate(cells), CHANNELS)
    offsets = np.arange(EXAMPLES + 1) * 200
    return SpikeBatch(steps.astype(np.int32), units.astype(np.int32), offsets, np.arange(EXAMPLES) % CLASSES)


def outputs(engine: Any, batch: SpikeBatch) -> list[np.ndarray]:
    """Outputs of the rectified layers, and the logits."""
    below, found, w = engine.seen(batch).reshape(len(batch), -1), [], engine.weights
    names = [*engine.network.populations]
    for source, name in zip(["input", *names], names, strict=False):
        below = below @ w[f"{source}_{name}"] + w[f"{name}_bias"]
        below = below if name == "output" else np.maximum(below, 0)
        found.append(below)
    return found


def rates(engine: Any, batch: SpikeBatch) -> list[np.ndarray]:
    """Of each hidden layer, times its scale."""
    import torch

    with torch.no_grad():
        spikes = engine.run(engine._parameters(()), batch).spikes
    scales = [engine.weights[f"{name}_scale"] for name, _ in engine._hidden_layers()]
    return [s[0].numpy() / engine.options.steps * scale for s, scale in zip(spikes, scales, strict=True)]


def normalised(problem: Problem, batch: SpikeBatch) -> Any:
    """An engine whose scales are those of its weights: the epoch's learning rate is 0."""
    engine = make_engine(problem)
    engine.train_epoch([batch], 0.0)
    return engine


@needs_torch
def test_of_one_layer_a_rate_is_the_output_to_half_a_spike(batch: SpikeBatch) -> None:
    for steps in (10, 100):
        engine = normalised(make_problem((9,), steps=steps, percentile=100.0), batch)
        scale = float(engine.weights["hidden_scale"][0])
        wanted = outputs(engine, batch)[0]
        assert scale == pytest.approx(wanted.max())
        found = rates(engine, batch)[0]
        assert np.abs(found - wanted).max() <= scale * (0.5 + 1e-3) / steps
        assert np.abs(found - wanted).max() > scale * 0.4 / steps


@needs_torch
@pytest.mark.parametrize("steps", [1, 7, 50])
def test_of_a_few_layers_a_rate_is_the_output_to_their_number_over_the_steps(steps: int, batch: SpikeBatch) -> None:
    # With weights of at least 0 and scales that no input of a step exceeds, a voltage stays within a threshold.
    problem = make_problem((9, 8, 7), steps=steps)
    rng = np.random.default_rng(4)
    w: dict[str, Any] = {"input_hidden1": rng.normal(0, 0.5, (24, 9)).astype(np.float32)}
    for name, shape in (("hidden1_hidden2", (9, 8)), ("hidden2_hidden3", (8, 7))):
        w[name] = rng.uniform(0, 1, shape).astype(np.float32)
    scales = [np.float32(outputs(make_engine(problem, **w), batch)[0].max() * 1.001)]
    for name in ("hidden1_hidden2", "hidden2_hidden3"):
        scales.append(scales[-1] * w[name].sum(axis=0).max() * np.float32(1.001))
    w |= {f"hidden{i + 1}_scale": np.array([scale], np.float32) for i, scale in enumerate(scales)}
    engine = make_engine(problem, **w)
    for depth, (found, wanted) in enumerate(zip(rates(engine, batch), outputs(engine, batch), strict=False), start=1):
        error = np.abs(found - wanted).max() / scales[depth - 1]
        assert 0 < error <= depth / 2 / steps + 1e-5


@needs_torch
def test_random_inputs_rates_go_to_outputs_too(batch: SpikeBatch) -> None:
    errors = []
    for steps in (100, 1600):
        engine = normalised(make_problem(steps=steps, percentile=100.0, input="poisson"), batch)
        assert engine.weights["input_scale"][0] == np.abs(engine.seen(batch)).max()
        *hidden, logits = outputs(engine, batch)
        said = engine.predict([batch]).logits
        off = [np.sqrt(np.square(r - a).mean()) / a.max() for r, a in zip(rates(engine, batch), hidden, strict=True)]
        errors.append([*off, np.sqrt(np.square(said - logits).mean()) / np.abs(logits).max()])
    # The error of a mean of independent numbers: about a quarter with sixteen times as many.
    assert max(errors[1]) < 0.05
    assert all(few / 8 < many < few / 2 for few, many in zip(*errors, strict=True))


@needs_torch
def test_random_input_is_the_same_every_time_alone_and_among_others(batch: SpikeBatch) -> None:
    engine = normalised(make_problem(steps=30, input="poisson"), batch)
    said = engine.predict([batch])
    np.testing.assert_array_equal(engine.predict([batch]).logits, said.logits)
    first = slice(0, batch.offsets[1])
    alone = SpikeBatch(batch.steps[first], batch.units[first], batch.offsets[:2], batch.labels[:1])
    np.testing.assert_allclose(engine.predict([alone]).logits[0], said.logits[0], rtol=1e-4)


@needs_torch
@pytest.mark.parametrize("source", ["constant", "poisson"])
def test_a_balanced_threshold_is_the_greatest_input_of_a_step(source: Any, batch: SpikeBatch) -> None:
    engine = normalised(make_problem(steps=40, scaling="threshold", input=source), batch)
    w, seen = engine.weights, engine.seen(batch).reshape(len(batch), -1)
    assert w["input_scale"][0] == np.abs(seen).max()
    drawn = np.random.default_rng((15, 0)).random((40, 1, seen.shape[1]), dtype=np.float32)
    greatest, voltages = {"hidden1": 0.0, "hidden2": 0.0}, [np.full((len(batch), n), 0.5) for n in (9, 6)]
    for step in range(40):
        below = seen.astype(np.float64)
        if source == "poisson":
            below = np.sign(seen) * (drawn[step] < np.abs(seen) / w["input_scale"]) * w["input_scale"]
        for i, name in enumerate(greatest):
            current = below @ w[f"{'input' if i == 0 else 'hidden1'}_{name}"] + w[f"{name}_bias"]
            greatest[name] = max(greatest[name], current.max())
            voltages[i] += current / w[f"{name}_scale"]
            fired = voltages[i] >= 1
            voltages[i] -= fired
            below = fired * w[f"{name}_scale"]
    for name, value in greatest.items():
        assert w[f"{name}_scale"][0] == pytest.approx(value, rel=1e-4)
    outside = [layer.max() for layer in outputs(engine, batch)]
    # Of a constant current the first layer's is the greatest output; spikes that come together exceed a layer's.
    assert w["hidden1_scale"][0] >= outside[0] * (1 - 1e-5)
    assert (w["hidden1_scale"][0] > 1.2 * outside[0]) == (source == "poisson")
    assert w["hidden2_scale"][0] > 1.2 * outside[1]


@needs_torch
def test_with_balanced_thresholds_rates_go_to_outputs_and_none_is_cut_off(batch: SpikeBatch) -> None:
    engine = normalised(make_problem(steps=2000, scaling="threshold"), batch)
    for found, wanted in zip(rates(engine, batch), outputs(engine, batch), strict=False):
        np.testing.assert_allclose(found, wanted, atol=0.01 * wanted.max())


@needs_torch
def test_rates_and_logits_go_to_outputs_as_the_number_of_steps_grows(batch: SpikeBatch) -> None:
    errors = []
    for steps in (10, 100, 1000):
        engine = normalised(make_problem(steps=steps, percentile=100.0), batch)
        *hidden, logits = outputs(engine, batch)
        said = engine.predict([batch]).logits
        off = [np.abs(r - a).max() / a.max() for r, a in zip(rates(engine, batch), hidden, strict=True)]
        errors.append([*off, np.abs(said - logits).max() / np.abs(logits).max()])
    # Layers above the first get spikes at uneven times, whose effect on a voltage is bounded, too.
    assert all(error < 10 / steps for row, steps in zip(errors, (10, 100, 1000), strict=True) for error in row)
    assert max(errors[2]) < 0.1 * max(errors[0])


@needs_torch
def test_what_is_beyond_the_percentile_is_cut_off(batch: SpikeBatch) -> None:
    engine = normalised(make_problem((9,), steps=500, percentile=90.0), batch)
    scale, wanted = engine.weights["hidden_scale"][0], outputs(engine, batch)[0]
    assert scale == pytest.approx(np.percentile(wanted, 90.0), rel=1e-5)
    np.testing.assert_allclose(rates(engine, batch)[0], np.minimum(wanted, scale), atol=scale / 500)


@needs_torch
def test_a_layer_that_is_scaled_up_and_the_next_one_down_gives_the_same_spikes(batch: SpikeBatch) -> None:
    problem = make_problem(steps=50)
    one = normalised(problem, batch)
    w = one.weights
    factor = np.float32(4)  # a power of two: no rounding
    scaled = {name: factor * w[name] for name in ("input_hidden1", "hidden1_bias", "hidden1_scale")}
    other = make_engine(problem, **(w | scaled | {"hidden1_hidden2": w["hidden1_hidden2"] / factor}))
    a, b = one.predict([batch]), other.predict([batch])
    np.testing.assert_array_equal(a.hidden_counts, b.hidden_counts)
    assert a.hidden_counts.sum() > 500
    np.testing.assert_allclose(a.logits, b.logits, rtol=1e-6)
    # Its scales are taken from the outputs: no one needs to be told.
    other.train_epoch([batch], 0.0)
    assert other.weights["hidden1_scale"][0] == pytest.approx(4 * w["hidden1_scale"][0], rel=1e-5)


@needs_torch
def test_it_is_trained_as_numbers_are_and_scales_are_not_learned(batch: SpikeBatch) -> None:
    problem = make_problem(dropout=0.3)
    numbers = replace(problem, method="ann", options=AnnOptions(frames=6, bands=4, dropout=0.3))
    drawn = NUMBERS.draw(numbers, Initial(), 1)
    ours, theirs = make_engine(problem), NUMBERS.make(numbers, drawn, Resources(1, "cpu"))
    ours._key = theirs._key
    for _ in range(3):
        a, b = ours.train_epoch([batch], 0.01), theirs.train_epoch([batch], 0.01)
        assert (a.loss, a.accuracy) == (b.loss, b.accuracy)
    for name, weights in theirs.weights.items():
        np.testing.assert_array_equal(ours.weights[name], weights)
    assert ours.weights.keys() - theirs.weights.keys() == {"input_scale", "hidden1_scale", "hidden2_scale"}
    layers = outputs(ours, batch)
    for name, layer in (("hidden1_scale", layers[0]), ("hidden2_scale", layers[1])):
        assert ours.weights[name][0] == pytest.approx(np.percentile(layer, 99.9), rel=1e-4)


@needs_torch
def test_a_layer_without_outputs_and_an_example_without_events_do_no_harm(batch: SpikeBatch) -> None:
    dead = make_engine(make_problem((9,)), hidden_bias=np.full(9, -100, np.float32))
    dead.train_epoch([batch], 0.0)
    assert dead.weights["hidden_scale"][0] == 1.0
    balanced = make_engine(make_problem((9,), scaling="threshold"), hidden_bias=np.full(9, -100, np.float32))
    balanced.train_epoch([batch], 0.0)
    assert balanced.weights["hidden_scale"][0] == 1.0
    assert np.isfinite(dead.predict([batch]).logits).all()
    nothing = np.empty(0, np.int32)
    unheard = SpikeBatch(nothing, nothing, np.array([0, 0]), np.zeros(1, np.int64))
    biased = make_engine(make_problem((9,)), hidden_bias=np.ones(9, np.float32))
    assert not biased.predict([unheard]).hidden_counts.any()
    biased.train_epoch([unheard], 0.0)
    assert biased.weights["input_scale"][0] == 1.0


def test_what_it_cant_convert_is_refused() -> None:
    problem = make_problem((9,))
    assert ENTRY.refusal(problem) is None
    for architecture in ("cnn", "gru"):
        other = make_problem((9,), architecture=architecture)
        assert ENTRY.refusal(other) == (
            f'converts layers of rectified units; training.options.architecture is "{architecture}"'
        )
    # Neither is offered where the other one can't do something.
    assert NUMBERS.refusal(problem)
    assert ENTRY.refusal(replace(problem, method="ann", options=AnnOptions(frames=6, bands=4)))


@pytest.mark.parametrize(("field", "value"), [("steps", 0), ("percentile", 0.0), ("percentile", 101.0), ("bands", 0)])
def test_impossible_settings_are_refused(field: str, value: float) -> None:
    with pytest.raises(InputError, match=rf"conversion.{field} is {value}; it must be"):
        ConversionOptions(**{field: value})


@needs_torch
def test_it_trains_by_the_same_command_and_goes_on_to_the_bit(
    words_config: Path,
    words_folder: Path,
    pipeline: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = ("--set", "training.method=conversion", "--set", "training.options.frames=20", "--threads", 1)
    answer = pipeline("train", words_config, *settings)
    assert answer.code == 0, answer
    run = Run.at(answer.out.strip())
    whole = {name: (run.folder / name).read_bytes() for name in ("best.npz", "last.npz", "metrics.csv")}
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "again"))

    train_until_stopped(words_config, ["training.method=conversion", "training.options.frames=20"])
    again = Path(pipeline("train", words_config, *settings).out.strip())
    assert {name: (again / name).read_bytes() for name in whole} == whole
    evaluated = pipeline("evaluate", again, "--split", "test", "--threads", 1)
    assert "spikes per neuron" in evaluated.out
    scored = json.loads((again / "evaluation-test.json").read_text())
    assert scored["accuracy"] > 0.6
    assert scored["rate"] > 1
    few = load_trained(Run.at(again)).with_options(steps=2)
    test = load("shd", words_folder).test
    assert evaluate(few, test, "test").rate < 2
    assert few.operations(test).hidden_spikes < 24 * 2
    assert evaluate(few.with_options(steps=100), test, "test").json() == (again / "evaluation-test.json").read_text()
    with pytest.raises(InputError, match=r'training.method "conversion" has no setting stride'):
        few.with_options(stride=2)
    with pytest.raises(InputError, match=r"conversion.steps is 0; it must be at least 1"):
        few.with_options(steps=0)
    refused = pipeline("train", words_config, *settings, "--set", "training.options.architecture=gru")
    assert 'converts layers of rectified units; training.options.architecture is "gru"' in refused.sentence
