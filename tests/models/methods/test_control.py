"""The controls: their answers are scikit-learn's own, and they are trained, resumed and used by the same commands."""

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
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from models.batch import SpikeBatch, discretise
from models.engines.entry import Resources
from models.errors import InputError
from models.initialisers import Initial
from models.losses import CrossEntropy, MaxOverTime
from models.methods import frames, latency
from models.methods.control.entry import ENTRY
from models.methods.control.options import ControlOptions
from models.network import Hidden, Input, Leaky, Network, Synapses
from models.problem import Problem
from pipeline.training.run import Run

CHANNELS, STEPS, CLASSES = 24, 60, 4
SETTINGS = ("--set", "training.method=control", "--set", "training.options.frames=10", "--threads", 1)


def make_problem(classes: int = CLASSES, dt: float = 2.0, steps: int = STEPS, **options: Any) -> Problem:
    network = Network(Input(CHANNELS), (Hidden(3),), Leaky(classes))
    given = ControlOptions(**({"frames": 6, "bands": 4} | options))
    return Problem(network, CrossEntropy(scale=10.0), dt, steps, method="control", options=given)


def make_engine(problem: Problem) -> Any:
    return ENTRY.make(problem, ENTRY.draw(problem, Initial(), 1), Resources(threads=1))


def make_batch(seed: int = 1, examples: int = 120, classes: int = CLASSES, noise: int = 90) -> SpikeBatch:
    """Examples of few events among those of noise; a class has more of some channels, in a class's own time."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, examples)
    rows = []
    for label in labels:
        own = rng.integers(0, 8, 25) * CHANNELS + 10 * (label + 1) * CHANNELS + rng.integers(0, 12, 25)
        rows.append(np.unique(np.concatenate([own, rng.choice(STEPS * CHANNELS, noise, replace=False)])))
    steps, units = np.divmod(np.concatenate(rows), CHANNELS)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return SpikeBatch(steps.astype(np.int32), units.astype(np.int32), offsets, labels)


def coded(values: np.ndarray, labels: np.ndarray, dt: float = 0.1) -> SpikeBatch:
    times = latency.encode(values)
    order = np.argsort(times, axis=1, kind="stable")
    times = np.take_along_axis(times, order, axis=1)
    offsets = np.arange(len(values) + 1) * values.shape[1]
    return discretise(
        times.ravel(), order.ravel().astype(np.uint16), offsets, labels, dt, round(700 / dt), values.shape[1]
    )


def features(batch: SpikeBatch) -> np.ndarray:
    return frames.numbers(frames.counts(batch, STEPS, CHANNELS, 6, 4), "root", "example").reshape(len(batch), -1)


def theirs(classifier: Any, seen: np.ndarray, labels: np.ndarray) -> tuple[Any, StandardScaler]:
    scaler = StandardScaler().fit(seen)
    return classifier.fit(scaler.transform(seen), labels), scaler


@pytest.mark.parametrize("classes", [2, 3, CLASSES])
@pytest.mark.parametrize(
    ("options", "classifier"),
    [
        ({"C": 0.3}, LogisticRegression(C=0.3, max_iter=1000)),
        ({"classifier": "svm", "C": 2.0}, SVC(C=2.0, break_ties=True)),
        ({"classifier": "svm", "gamma": 3.0}, SVC(gamma=3.0 / 24, break_ties=True)),
    ],
)
def test_answers_are_those_of_scikit_learn(classes: int, options: dict[str, Any], classifier: Any) -> None:
    engine = make_engine(make_problem(classes, **options))
    training, test = make_batch(1, classes=classes), make_batch(2, 300, classes=classes, noise=300)
    start = int(training.offsets[60])
    parts = [
        SpikeBatch(training.steps[:start], training.units[:start], training.offsets[:61], training.labels[:60]),
        SpikeBatch(training.steps[start:], training.units[start:], training.offsets[60:] - start, training.labels[60:]),
    ]
    engine.train_epoch(parts, 0.1)
    fitted, scaler = theirs(classifier, features(training), training.labels)
    seen = scaler.transform(features(test))
    said = engine.predict([test])
    np.testing.assert_array_equal(said.logits.argmax(axis=1), fitted.predict(seen))
    decisions = fitted.decision_function(seen)
    if classes == 2:
        if "classifier" not in options:
            np.testing.assert_allclose(said.logits[:, 1] - said.logits[:, 0], decisions, atol=2e-3)
    else:
        # Solvers stop at a tolerance, at another point where examples have another order.
        np.testing.assert_allclose(said.logits, decisions, atol=5e-3)
    if "classifier" not in options:
        chances = np.exp(said.logits) / np.exp(said.logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(chances, fitted.predict_proba(seen), atol=1e-3)
        np.testing.assert_allclose(said.losses, -np.log(chances[np.arange(300), test.labels]), atol=1e-6)


@pytest.mark.parametrize("classifier", ["logistic", "svm"])
def test_a_toy_problem_is_learned_and_the_epoch_says_so(classifier: str) -> None:
    engine = make_engine(make_problem(classifier=classifier))
    untrained = engine.predict([make_batch(2)])
    assert (untrained.logits == 0).all()
    epoch = engine.train_epoch([make_batch()], 0.1)
    assert (epoch.examples, epoch.accuracy) == (120, 1.0)
    assert epoch.accuracy == (engine.predict([make_batch()]).logits.argmax(axis=1) == make_batch().labels).mean()
    assert epoch.loss == pytest.approx(engine.predict([make_batch()]).losses.mean())
    said = engine.predict([make_batch(2, noise=150)])
    assert (said.logits.argmax(axis=1) == make_batch(2, noise=150).labels).mean() > 0.9
    assert said.hidden_counts.shape == (24,)


@pytest.mark.parametrize("classifier", ["logistic", "svm"])
def test_neither_the_order_nor_the_batches_nor_more_epochs_change_a_bit(classifier: str) -> None:
    problem, batch = make_problem(classifier=classifier), make_batch()
    one = make_engine(problem)
    one.train_epoch([batch], 0.1)
    rows = np.split(np.stack([batch.steps, batch.units]), batch.offsets[1:-1], axis=1)
    order = np.random.default_rng(3).permutation(len(batch))
    offsets = np.concatenate([[0], np.cumsum([rows[i].shape[1] for i in order])])
    steps, units = np.concatenate([rows[i] for i in order], axis=1)
    other = make_engine(problem)
    for _ in range(2):
        other.train_epoch([SpikeBatch(steps, units, offsets, batch.labels[order])], 0.01)
    for name, array in one.weights.items():
        np.testing.assert_array_equal(other.weights[name], array)
    # What is kept is all that predictions need.
    again = make_engine(problem)
    again.load_state(one.state())
    np.testing.assert_array_equal(again.predict([batch]).logits, one.predict([batch]).logits)


@pytest.mark.parametrize("classifier", ["logistic", "svm"])
def test_a_class_without_training_examples_is_never_the_answer(classifier: str) -> None:
    engine = make_engine(make_problem(CLASSES + 2, classifier=classifier))
    batch = make_batch()
    batch = replace(batch, labels=np.array([0, 2, 3, 5])[batch.labels])
    engine.train_epoch([batch], 0.1)
    logits = engine.predict([make_batch(2)]).logits
    assert (logits[:, [1, 4]] < logits[:, [0, 2, 3, 5]].min(axis=1, keepdims=True)).all()
    assert set(logits.argmax(axis=1)) == {0, 2, 3, 5}
    with pytest.raises(InputError, match="has examples of one class to learn from; two are wanted"):
        engine.train_epoch([replace(batch, labels=np.zeros(len(batch), np.int64))], 0.1)


@pytest.mark.parametrize(
    ("options", "classifier"),
    [({}, LogisticRegression(max_iter=1000)), ({"classifier": "svm"}, SVC(break_ties=True))],
)
def test_values_of_a_latency_code_are_learned_from_as_they_were(options: dict[str, Any], classifier: Any) -> None:
    rng = np.random.default_rng(4)
    labels = np.arange(90) % 3
    centres = rng.normal(0, 12, (3, latency.CHANNELS))
    values = centres[labels] + rng.normal(0, 12, (90, latency.CHANNELS))
    problem = make_problem(3, dt=0.1, steps=7000, features="latencies", **options)
    engine = make_engine(problem)
    engine.train_epoch([coded(values[:60], labels[:60])], 0.1)
    fitted, scaler = theirs(classifier, values[:60], labels[:60])
    said = engine.predict([coded(values[60:], labels[60:])]).logits
    np.testing.assert_allclose(said, fitted.decision_function(scaler.transform(values[60:])), atol=0.1)
    assert (said.argmax(axis=1) == fitted.predict(scaler.transform(values[60:]))).mean() > 0.95
    with pytest.raises(InputError, match=r'training\.options\.features is "latencies", but an example has \d+ events'):
        engine.train_epoch([make_batch(classes=3)], 0.1)


def test_operations_are_products_with_coefficients_or_support_vectors() -> None:
    batch = make_batch()
    logistic, svm = (make_engine(make_problem(classifier=classifier)) for classifier in ("logistic", "svm"))
    logistic.train_epoch([batch], 0.1)
    found = logistic.operations([batch])
    assert (found.parameters, found.dense, found.hidden_spikes) == (24 * CLASSES + CLASSES, 24 * CLASSES, 0)
    assert 0.9 * found.dense < found.macs <= found.dense
    svm.train_epoch([batch], 0.1)
    vectors = len(svm.weights["support"])
    assert svm.operations([batch]).dense == vectors * (24 + CLASSES - 1)
    assert svm.operations([batch]).parameters == vectors * (24 + CLASSES - 1) + CLASSES * (CLASSES - 1) / 2


def test_what_makes_no_sense_is_refused() -> None:
    problem = make_problem()
    assert ENTRY.refusal(problem) is None
    assert ENTRY.refusal(replace(problem, loss=MaxOverTime())) == 'has the loss "cross-entropy", not "max-over-time"'
    assert ENTRY.refusal(make_problem(frames=61)) == (
        "divides a trial of 60 steps into frames; training.options.frames is 61"
    )
    assert ENTRY.refusal(make_problem(bands=25)) == ("divides 24 channels into bands; training.options.bands is 25")
    sparse = Network(Input(CHANNELS), (Hidden(3, synapses=Synapses(density=0.5)),), Leaky(CLASSES))
    assert ENTRY.refusal(replace(problem, network=sparse)) == "has neither absent synapses nor delays of synapses"
    assert ENTRY.refusal(replace(problem, method="eventprop", options=None)) is not None
    engine = make_engine(problem)
    with pytest.raises(InputError, match='"control" has no gradients'):
        engine.gradients(make_batch())


@pytest.mark.parametrize(("field", "value"), [("C", 0.0), ("gamma", -1.0), ("frames", 0), ("bands", 0)])
def test_impossible_settings_are_refused(field: str, value: float) -> None:
    with pytest.raises(InputError, match=rf"control.{field} is {value}; it must be"):
        ControlOptions(**{field: value})


@pytest.mark.parametrize("array", ["dual", "support_labels", "intercepts", "support", "mean"])
def test_parameters_that_do_not_belong_together_are_refused(array: str) -> None:
    engine = make_engine(make_problem(classifier="svm"))
    engine.train_epoch([make_batch()], 0.1)
    weights = engine.weights
    with pytest.raises(InputError, match=f"weights {array}|weights dual"):
        engine.set_weights(weights | {array: weights[array][..., 1:]})


def test_a_state_of_another_classifier_is_refused() -> None:
    svm = make_engine(make_problem(classifier="svm"))
    with pytest.raises(InputError, match=r"weights are \[.*'support'.*; this network has \['bias'"):
        make_engine(make_problem()).load_state(svm.state())


@pytest.mark.parametrize("classifier", ["logistic", "svm"])
def test_it_trains_goes_on_to_the_bit_and_names_words_by_the_same_commands(
    classifier: str,
    words_config: Path,
    pipeline: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = f"training.options.classifier={classifier}"
    answer = pipeline("train", words_config, *SETTINGS, "--set", chosen, "--set", "training.epochs=3")
    assert answer.code == 0, answer
    assert "engine sklearn" in answer.err + answer.out
    run = Run.at(answer.out.strip().splitlines()[-1])
    whole = {name: (run.folder / name).read_bytes() for name in ("best.npz", "last.npz", "metrics.csv")}
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "again"))
    overrides = [setting for setting in SETTINGS if "=" in str(setting)]
    train_until_stopped(words_config, [*overrides, chosen, "training.epochs=3"], at=1)
    again = pipeline("train", words_config, *SETTINGS, "--set", chosen, "--set", "training.epochs=3").out.strip()
    assert {name: (Path(again) / name).read_bytes() for name in whole} == whole

    evaluated = pipeline("evaluate", again, "--split", "test", "--threads", 1)
    assert "features other than 0" in evaluated.out
    assert json.loads((Path(again) / "evaluation-test.json").read_text())["accuracy"] > 0.6
    soundfile.write(tmp_path / "word.wav", 0.3 * np.sin(2 * np.pi * 600 * np.arange(1200) / 16000), 16000)
    said = pipeline("classify", again, tmp_path / "word.wav", "--json", "--threads", 1)
    probabilities = json.loads(said.out)["probabilities"]
    assert json.loads(said.out)["word"] == max(probabilities, key=probabilities.__getitem__)
    drawn = pipeline("classify", again, tmp_path / "word.wav", "--plot", tmp_path / "pictures")
    assert drawn.sentence == 'training.method "control" has numbers in place of spikes and voltages to show'
