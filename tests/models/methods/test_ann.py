"""Second-generation networks: NumPy's forward passes, finite differences, and runs by the same commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from interruptions import train_until_stopped
from torch_extra import needs_torch

from models.batch import SpikeBatch
from models.engines import registry
from models.engines.entry import Resources
from models.errors import InputError
from models.initialisers import Initial
from models.losses import CrossEntropy, MaxOverTime
from models.methods import frames
from models.methods.ann.entry import ENTRY
from models.methods.ann.options import AnnOptions
from models.network import Hidden, Input, Leaky, Network, Synapses
from models.optimiser import Optimiser
from models.problem import Problem
from models.regulariser import Regulariser
from models.windows import Gaussian
from pipeline.training.run import Run

CHANNELS, STEPS, CLASSES = 24, 60, 3

OPTIONS = {
    "perceptron": AnnOptions(frames=6, bands=4, dropout=0.0),
    "cnn": AnnOptions(architecture="cnn", frames=12, bands=8, dropout=0.0, channels=5, blocks=2),
    "gru": AnnOptions(architecture="gru", frames=6, bands=4, dropout=0.0),
}


def make_problem(options: AnnOptions, hidden: tuple[int, ...] = (7,), **settings: Any) -> Problem:
    """A problem of which only the sizes, the smoothing and the temperature have a meaning."""
    loss = CrossEntropy(Gaussian(mu=0.1), 10.0, temperature=0.8, smoothing=0.1)
    network = Network(Input(CHANNELS), tuple(Hidden(size) for size in hidden), Leaky(CLASSES))
    given = {"loss": loss, "method": "ann", "options": options, "regulariser": Regulariser(1.0, lift=0.1)}
    return Problem(network, **({"dt": 2.0, "steps": STEPS} | given | settings))


def make_engine(problem: Problem, seed: int = 1, **weights: Any) -> Any:
    """The engine; biases, scales and shifts get random values, too."""
    rng = np.random.default_rng(seed)
    drawn = ENTRY.draw(problem, Initial(), seed)
    noisy = {n: w + rng.normal(0, 0.3, w.shape).astype(np.float32) if w.ndim == 1 else w for n, w in drawn.items()}
    return ENTRY.make(problem, noisy | weights, Resources(threads=1, device="cpu"))


def make_batch(seed: int = 1, examples: int = 5, events: int = 200, last: int = STEPS) -> SpikeBatch:
    """Examples of random events before a step."""
    rng = np.random.default_rng(seed)
    cells = [np.sort(rng.choice(last * CHANNELS, events, replace=False)) for _ in range(examples)]
    steps, units = np.divmod(np.concatenate(cells), CHANNELS)
    offsets = np.arange(examples + 1) * events
    return SpikeBatch(steps.astype(np.int32), units.astype(np.int32), offsets, np.arange(examples) % CLASSES)


def one_by_one(batch: SpikeBatch, options: AnnOptions) -> np.ndarray:
    """What the network sees, in float64, event by event."""
    seen = np.zeros((len(batch), options.frames, options.bands))
    for b in range(len(batch)):
        for event in range(batch.offsets[b], batch.offsets[b + 1]):
            frame = int(batch.steps[event]) * options.frames // STEPS
            seen[b, frame, int(batch.units[event]) * options.bands // CHANNELS] += 1
    seen = np.sqrt(seen) if options.compression == "root" else np.log(1 + seen)
    if options.normalisation == "example":
        seen = np.stack([(example - example.mean()) / max(example.std(), 1e-5) for example in seen])
    return seen


def perceptron(seen: np.ndarray, w: dict[str, np.ndarray], layers: int) -> np.ndarray:
    below, names = seen.reshape(len(seen), -1), ["hidden"] if layers == 1 else ["hidden1", "hidden2"]
    for source, name in zip(["input", *names], names, strict=False):
        below = np.maximum(below @ w[f"{source}_{name}"] + w[f"{name}_bias"], 0)
    return below @ w[f"{names[-1]}_output"] + w["output_bias"]


def convolved(x: np.ndarray, kernel: np.ndarray, stride: int, depthwise: bool) -> np.ndarray:
    """Correlate maps (examples, channels, frames, bands) with kernels (height, width, channels in, out), 0 beyond."""
    height, width = kernel.shape[:2]
    padded = np.pad(x, ((0, 0), (0, 0), (height // 2,) * 2, (width // 2,) * 2))
    rows, columns = (-(-size // stride) for size in x.shape[2:])
    out = np.zeros((len(x), kernel.shape[3], rows, columns))
    for i in range(rows):
        for j in range(columns):
            patch = padded[:, :, i * stride : i * stride + height, j * stride : j * stride + width]
            if depthwise:
                out[:, :, i, j] = np.einsum("bchw,hwc->bc", patch, kernel[:, :, 0])
            else:
                out[:, :, i, j] = np.einsum("bchw,hwco->bo", patch, kernel)
    return out


def cnn(seen: np.ndarray, w: dict[str, np.ndarray], blocks: int) -> np.ndarray:
    def finish(name: str, x: np.ndarray) -> np.ndarray:
        mean, variance = x.mean(axis=(1, 2, 3), keepdims=True), x.var(axis=(1, 2, 3), keepdims=True)
        scale, shift = (w[f"{name}_{what}"][None, :, None, None] for what in ("scale", "shift"))
        return np.maximum((x - mean) / np.sqrt(variance + 1e-5) * scale + shift, 0)

    channels = w["first"].shape[1]
    x = finish("first", convolved(seen[:, None], w["first"].reshape(9, 5, 1, channels), 2, False))
    for block in range(1, blocks + 1):
        depth, point = f"depthwise{block}", f"pointwise{block}"
        x = finish(depth, convolved(x, w[depth].reshape(3, 3, 1, channels), 1, True))
        x = finish(point, convolved(x, w[point].reshape(1, 1, channels, channels), 1, False))
    return x.mean(axis=(2, 3)) @ w["last_output"] + w["output_bias"]


def gru(seen: np.ndarray, w: dict[str, np.ndarray]) -> np.ndarray:
    """Cho et al. 2014, with the reset behind the recurrent weights as cuDNN has it."""

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-x))

    state = np.zeros((len(seen), w["hidden_hidden"].shape[0]))
    states = []
    for t in range(seen.shape[1]):
        given = np.split(seen[:, t] @ w["input_hidden"] + w["input_bias"], 3, axis=1)
        before = np.split(state @ w["hidden_hidden"] + w["hidden_bias"], 3, axis=1)
        reset, update = sigmoid(given[0] + before[0]), sigmoid(given[1] + before[1])
        new = np.tanh(given[2] + reset * before[2])
        state = (1 - update) * new + update * state
        states.append(state)
    return np.mean(states, axis=0) @ w["hidden_output"] + w["output_bias"]


def logits(options: AnnOptions, seen: np.ndarray, weights: dict[str, np.ndarray], layers: int = 1) -> np.ndarray:
    w = {name: array.astype(np.float64) for name, array in weights.items()}
    if options.architecture == "perceptron":
        return perceptron(seen, w, layers)
    return cnn(seen, w, options.blocks) if options.architecture == "cnn" else gru(seen, w)


def losses(said: np.ndarray, labels: np.ndarray, loss: CrossEntropy) -> np.ndarray:
    target = np.eye(CLASSES)[labels] * (1 - loss.smoothing) + loss.smoothing / CLASSES
    scaled = said / loss.temperature
    return -(target * (scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True)))).sum(axis=1)


@needs_torch
@pytest.mark.parametrize("compression", ["root", "log"])
@pytest.mark.parametrize("normalisation", ["example", "none"])
@pytest.mark.parametrize("architecture", OPTIONS)
def test_forward_passes_are_those_written_out(architecture: str, normalisation: Any, compression: Any) -> None:
    options = replace(OPTIONS[architecture], normalisation=normalisation, compression=compression)
    problem, batch = make_problem(options), make_batch()
    engine = make_engine(problem)
    said = engine.predict([batch])
    wanted = logits(options, one_by_one(batch, options), engine.weights)
    np.testing.assert_allclose(said.logits, wanted, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(said.losses, losses(wanted, batch.labels, problem.loss), rtol=1e-4)
    assert np.ptp(wanted, axis=0).min() > 0.01


@needs_torch
def test_a_perceptron_has_as_many_layers_as_the_config_and_counts_where_units_are_active() -> None:
    problem, batch = make_problem(OPTIONS["perceptron"], (7, 4)), make_batch()
    engine = make_engine(problem)
    said, w = engine.predict([batch]), engine.weights
    seen = one_by_one(batch, OPTIONS["perceptron"])
    np.testing.assert_allclose(said.logits, logits(OPTIONS["perceptron"], seen, w, layers=2), rtol=1e-4, atol=1e-5)
    first = np.maximum(seen.reshape(5, -1) @ w["input_hidden1"] + w["hidden1_bias"], 0)
    second = np.maximum(first @ w["hidden1_hidden2"] + w["hidden2_bias"], 0)
    wanted = np.concatenate([(layer > 0).sum(axis=0) for layer in (first, second)])
    np.testing.assert_array_equal(said.hidden_counts, wanted)
    assert len(set(wanted)) > 2


@needs_torch
@pytest.mark.parametrize("architecture", OPTIONS)
def test_gradients_are_those_of_finite_differences(architecture: str) -> None:
    """Of the forward passes written out, in float64; the directions are random, one a parameter."""
    options = OPTIONS[architecture]
    problem, batch = make_problem(options), make_batch()
    engine = make_engine(problem)
    seen, found, weights = one_by_one(batch, options), engine.gradients(batch).weights, engine.weights
    assert found.keys() == weights.keys()
    rng = np.random.default_rng(3)

    def mean_loss(name: str, direction: np.ndarray, step: float) -> float:
        moved = {n: array.astype(np.float64) for n, array in weights.items()}
        moved[name] = moved[name] + step * direction
        return float(losses(logits(options, seen, moved), batch.labels, problem.loss).mean())

    for name, gradient in found.items():
        for _ in range(3):
            direction = rng.normal(size=gradient.shape)
            wanted = (mean_loss(name, direction, 1e-6) - mean_loss(name, direction, -1e-6)) / 2e-6
            scale = np.linalg.norm(gradient) * np.linalg.norm(direction) / np.sqrt(gradient.size)
            assert (gradient * direction).sum() == pytest.approx(wanted, abs=2e-3 * scale + 1e-7), name


def test_events_later_by_whole_frames_are_in_later_frames_and_channels_of_a_band_are_alike() -> None:
    batch = make_batch(last=STEPS // 2)
    per_frame, per_band = STEPS // 6, CHANNELS // 4
    found = frames.counts(batch, STEPS, CHANNELS, 6, 4)
    assert found.sum() == len(batch.units)
    later = replace(batch, steps=batch.steps + 2 * per_frame)
    moved = frames.counts(later, STEPS, CHANNELS, 6, 4)
    np.testing.assert_array_equal(moved[:, 2:], found[:, :-2])
    np.testing.assert_array_equal(moved[:, :2], 0)
    rng = np.random.default_rng(1)
    within = np.concatenate([rng.permutation(per_band) + band * per_band for band in range(4)])
    shuffled = replace(batch, units=within[batch.units].astype(np.int32))
    np.testing.assert_array_equal(frames.counts(shuffled, STEPS, CHANNELS, 6, 4), found)
    # Divisions with a remainder lose nothing, and no frame is more than a step longer than another one.
    everywhere = np.divmod(np.arange(STEPS * CHANNELS), CHANNELS)
    full = SpikeBatch(*everywhere, np.array([0, STEPS * CHANNELS]), np.zeros(1, np.int64))
    uneven = frames.counts(full, STEPS, CHANNELS, 7, 5)[0]
    assert uneven.sum() == STEPS * CHANNELS
    assert set(np.unique(uneven)) == {8 * 4, 8 * 5, 9 * 4, 9 * 5}


def test_what_a_network_sees_of_an_example_depends_on_no_other() -> None:
    batch = make_batch()
    begin, end = batch.offsets[1:3]
    alone = SpikeBatch(batch.steps[begin:end], batch.units[begin:end], np.array([0, end - begin]), batch.labels[1:2])
    all_of_them = frames.numbers(frames.counts(batch, STEPS, CHANNELS, 6, 4), "root", "example")
    np.testing.assert_array_equal(
        frames.numbers(frames.counts(alone, STEPS, CHANNELS, 6, 4), "root", "example")[0], all_of_them[1]
    )
    np.testing.assert_allclose(all_of_them.mean(axis=(1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(all_of_them.std(axis=(1, 2)), 1, rtol=1e-5)
    np.testing.assert_array_equal(frames.numbers(np.zeros((1, 6, 4), np.int64), "root", "example"), 0)


@needs_torch
@pytest.mark.parametrize("architecture", OPTIONS)
def test_an_example_without_events_makes_no_unit_active(architecture: str) -> None:
    engine = make_engine(make_problem(OPTIONS[architecture]))
    nothing = np.empty(0, np.int32)
    counts = engine.predict([SpikeBatch(nothing, nothing, np.array([0, 0]), np.zeros(1, np.int64))]).hidden_counts
    assert not counts.any()
    heard = engine.predict([make_batch()]).hidden_counts
    assert heard.shape == counts.shape
    assert heard.any()
    assert heard.max() <= 5


@needs_torch
@pytest.mark.parametrize("architecture", OPTIONS)
def test_units_that_are_never_active_are_not_lifted(architecture: str) -> None:
    problem = make_problem(OPTIONS[architecture])
    assert problem.regulariser.lift > 0
    dead = {"hidden_bias": np.full(7, -100, np.float32)} if architecture == "perceptron" else {}
    dead |= {"pointwise2_shift": np.full(5, -100, np.float32)} if architecture == "cnn" else {}
    engine = make_engine(problem, **dead)
    before = engine.weights
    assert (engine.train_epoch([make_batch()], 0.0).hidden_counts == 0).any() == bool(dead)
    for name, weights in engine.weights.items():
        np.testing.assert_array_equal(weights, before[name])


@needs_torch
@pytest.mark.parametrize("architecture", OPTIONS)
def test_it_learns(architecture: str) -> None:
    """Bands of events that stay, rise or fall."""
    engine = make_engine(make_problem(OPTIONS[architecture]), seed=2)
    rng, labels = np.random.default_rng(4), np.arange(12) % CLASSES
    times = np.tile(np.arange(STEPS), 12)
    slopes = np.repeat(np.array([0, 12, -12])[labels], STEPS)
    units = np.clip(12 + slopes * (times / STEPS - 0.5) + rng.normal(0, 1, len(times)), 0, CHANNELS - 1)
    batch = SpikeBatch(times.astype(np.int32), units.astype(np.int32), np.arange(13) * STEPS, labels)
    told = [engine.train_epoch([batch], 0.01) for _ in range(80)]
    assert told[-1].loss < 0.6 * told[0].loss
    assert (engine.predict([batch]).logits.argmax(axis=1) == batch.labels).all()


@needs_torch
@pytest.mark.parametrize("architecture", OPTIONS)
def test_units_are_dropped_in_updates_only_and_differently_in_each(architecture: str) -> None:
    options = replace(OPTIONS[architecture], dropout=0.5)
    problem, batch = make_problem(options, (40,)), make_batch()
    engine, other, plain = make_engine(problem), make_engine(problem), make_engine(replace(problem, options=options))
    first = engine.gradients(batch).weights["output_bias"]
    np.testing.assert_array_equal(other.gradients(batch).weights["output_bias"], first)
    engine._adam.step = 1
    assert np.any(engine.gradients(batch).weights["output_bias"] != first)
    without = make_engine(replace(problem, options=OPTIONS[architecture]))
    np.testing.assert_array_equal(plain.predict([batch]).logits, without.predict([batch]).logits)
    # Another run's units are others: its first weights are.
    assert make_engine(problem, seed=2)._key != engine._key


@needs_torch
def test_on_average_dropped_units_leave_the_output_as_it_is() -> None:
    problem = make_problem(replace(OPTIONS["gru"], dropout=0.5), (40,))
    engine, batch = make_engine(problem), make_batch()
    said = []
    for step in range(400):
        engine._adam.step = step
        said.append(engine.gradients(batch).logits)
    deviation = np.std(said, axis=0) / np.sqrt(len(said))
    assert deviation.min() > 0
    assert np.all(np.abs(np.mean(said, axis=0) - engine.predict([batch]).logits) < 5 * deviation)


@needs_torch
def test_weights_decay_and_biases_do_not() -> None:
    problem = make_problem(OPTIONS["cnn"], optimiser=Optimiser(weight_decay=0.5))
    decays = {name: rule.decay for name, rule in make_engine(problem)._rules().items()}
    assert {name for name, decay in decays.items() if decay} == {
        "first", "depthwise1", "pointwise1", "depthwise2", "pointwise2", "last_output"
    }  # fmt: skip


def test_first_weights_are_hes_and_the_seeds() -> None:
    problem = make_problem(AnnOptions(), (200,), steps=70)
    problem = replace(problem, network=replace(problem.network, input=Input(700)))
    drawn, again, other = (ENTRY.draw(problem, Initial(), (seed, 0)) for seed in (1, 1, 2))
    assert {name: w.shape for name, w in drawn.items()} == ENTRY.shapes(problem)
    assert all(w.dtype == np.float32 for w in drawn.values())
    np.testing.assert_array_equal(drawn["input_hidden"], again["input_hidden"])
    assert np.any(drawn["input_hidden"] != other["input_hidden"])
    assert drawn["input_hidden"].std() == pytest.approx(np.sqrt(2 / 700), rel=0.01)
    assert drawn["hidden_output"].std() == pytest.approx(np.sqrt(1 / 200), rel=0.1)
    assert not drawn["hidden_bias"].any()


def test_the_convolutional_network_has_about_25_000_parameters() -> None:
    problem = make_problem(AnnOptions(architecture="cnn"))
    shapes = ENTRY.shapes(replace(problem, network=replace(problem.network, output=Leaky(10))))
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 23370


def test_what_it_cant_do_is_said() -> None:
    problem = make_problem(AnnOptions(frames=6, bands=4))
    assert ENTRY.refusal(problem) is None
    sparse = replace(problem.network, hidden=(Hidden(7, synapses=Synapses(density=0.5)),))
    two = replace(problem.network, hidden=(Hidden(7), Hidden(7)))
    for changed, wanted in (
        ({"loss": MaxOverTime()}, 'learns from the loss "cross-entropy", not from "max-over-time"'),
        ({"options": AnnOptions(frames=61, bands=4)}, "divides a trial of 60 steps into frames; training.options.fram"),
        ({"options": AnnOptions(frames=6, bands=25)}, "divides 24 channels into bands; training.options.bands is 25"),
        ({"network": sparse}, "has neither absent synapses nor delays of synapses"),
        ({"network": two, "options": OPTIONS["gru"]}, "has one layer of gated recurrent units; network.hidden has 2"),
    ):
        assert (ENTRY.refusal(replace(problem, **changed)) or "").startswith(wanted)
    assert ENTRY.refusal(replace(problem, network=two)) is None


def test_no_other_method_is_said_to_be_done_by_it() -> None:
    problem = replace(make_problem(OPTIONS["perceptron"]), method="eventprop", options=None)
    assert ENTRY.refusal(problem)
    assert [entry for entry in registry.ENTRIES if entry.neurons == ENTRY.neurons] == [ENTRY]


@pytest.mark.parametrize(
    ("field", "value", "wanted"),
    [("frames", 0, "at least 1"), ("blocks", 0, "at least 1"), ("dropout", 1.0, "at least 0 and below 1")],
)
def test_impossible_settings_are_refused(field: str, value: float, wanted: str) -> None:
    with pytest.raises(InputError, match=f"ann.{field} is {value}; it must be {wanted}"):
        AnnOptions(**{field: value})


@needs_torch
def test_other_weights_are_refused() -> None:
    problem = make_problem(OPTIONS["perceptron"])
    with pytest.raises(InputError, match=r"weights hidden_bias have shape \(6,\); this network's is \(7,\)"):
        make_engine(problem, hidden_bias=np.zeros(6, np.float32))


Pipeline = Callable[..., Any]
ANN = ("--set", "training.method=ann", "--threads", 1)


def test_without_pytorch_the_sentence_says_what_to_install(
    words_config: Path, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.engines.torch.entry.importlib.util.find_spec", lambda _: None)
    answer = pipeline("train", words_config, *ANN)
    assert answer.sentence.endswith(
        'no engine can train this by "ann": torch: PyTorch is not installed; pip install torch'
    )


@needs_torch
@pytest.mark.parametrize("architecture", OPTIONS)
def test_it_trains_by_the_same_command_and_goes_on_to_the_bit(
    architecture: str, words_config: Path, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [f"training.options.architecture={architecture}", "training.options.frames=20"]
    overrides = ["training.method=ann", *options, "training.regulariser.lift=0.1"]
    command = ("train", words_config, *(part for one in overrides for part in ("--set", one)), "--threads", 1)
    answer = pipeline(*command)
    assert answer.code == 0, answer
    assert "no hidden neuron fired" not in answer.err
    run = Run.at(answer.out.strip())
    whole = {name: (run.folder / name).read_bytes() for name in ("best.npz", "last.npz", "metrics.csv")}
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "again"))

    train_until_stopped(words_config, overrides)
    answer = pipeline(*command)
    assert "going on after epoch 3" in answer.err
    again = Path(answer.out.strip())
    assert {name: (again / name).read_bytes() for name in whole} == whole
    evaluated = pipeline("evaluate", again, "--split", "test", "--threads", 1)
    assert evaluated.code == 0, evaluated
    scored = json.loads((again / "evaluation-test.json").read_text())
    assert scored["accuracy"] > 0.6
    assert 0 < scored["rate"] <= 1
    assert "of the examples" in evaluated.out


@needs_torch
def test_recordings_are_classified_and_not_drawn(
    words_config: Path, pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = pipeline("train", words_config, *ANN, "--set", "training.epochs=1")
    run = answer.out.strip()
    soundfile.write(tmp_path / "word.wav", 0.3 * np.sin(2 * np.pi * 600 * np.arange(1200) / 16000), 16000)
    soundfile.write(tmp_path / "click.wav", np.array([0.1, -0.1, 0.2, 0.0]), 16000)
    said = pipeline("classify", run, tmp_path / "word.wav", "--json", "--threads", 1)
    assert said.code == 0, said
    probabilities = json.loads(said.out)["probabilities"]
    assert sum(probabilities.values()) == pytest.approx(1)
    assert json.loads(said.out)["word"] == max(probabilities, key=probabilities.__getitem__)
    drawn = pipeline("classify", run, tmp_path / "word.wav", "--plot", tmp_path / "pictures")
    assert drawn.sentence == 'training.method "ann" has numbers in place of spikes and voltages to show'
    # Where PyTorch is missing no other engine can run it.
    monkeypatch.setattr("models.engines.torch.entry.importlib.util.find_spec", lambda _: None)
    refused = pipeline("classify", run, tmp_path / "word.wav")
    assert refused.sentence.endswith("PyTorch is not installed; pip install torch")
