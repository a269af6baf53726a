"""e-prop against its equations written out in NumPy, and its ability to learn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from event_nets import Drawn, Plan, draw
from genn import needs_genn
from numpy.typing import NDArray

from models.batch import SpikeBatch
from models.engines.genn import available
from models.engines.genn.folders import FOLDER_VARIABLE
from models.engines.registry import choose
from models.errors import InputError
from models.losses import CrossEntropy, Loss, MaxOverTime
from models.windows import Gaussian, Uniform

if TYPE_CHECKING:
    from models.methods.eprop.genn.engine import EpropEngine

Array = NDArray[np.float64]
PLAN = Plan(((9, True),), channels=7, classes=3, drive=1.5)
LOSS = CrossEntropy(Gaussian(mu=0.4, sigma=0.2), 3.0, temperature=0.8, smoothing=0.1)


@pytest.fixture(scope="module", autouse=True)
def code_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER_VARIABLE, str(tmp_path_factory.mktemp("genn")))
        yield


@contextmanager
def eprop(drawn: Drawn, loss: Loss = LOSS) -> Iterator[EpropEngine]:
    from models.methods.eprop.genn.engine import EpropEngine

    engine = EpropEngine(drawn.problem(loss, method="e-prop"), drawn.weights)
    try:
        yield engine
    finally:
        engine.close()


def reference(drawn: Drawn, batch: SpikeBatch, loss: CrossEntropy) -> tuple[dict[str, Array], Array]:
    """Return e-prop's gradient of the mean loss, and mean probabilities (Bellec et al. 2020, equations 3, 4, 21, 28).

    In mlGeNN's order: the traces of a step are multiplied by the errors known one step before, which are those of the
    voltages another step earlier; errors reach hidden neurons one more step later.
    """
    hidden, output = drawn.network.hidden[0], drawn.network.output
    steps, alpha = round(drawn.duration), np.exp(-1 / hidden.tau_mem)
    charge, charge_out = hidden.tau_syn / hidden.tau_mem, output.tau_syn / output.tau_mem
    w = {name: array.astype(np.float64) for name, array in drawn.weights.items()}
    window = np.pad(loss.window.table(steps).astype(np.float64) / steps, (2, 2))
    gain = loss.scale / loss.temperature
    total = {name: np.zeros(array.shape) for name, array in w.items()}
    means = []
    for b in range(len(batch)):
        x = np.zeros((steps + 4, drawn.network.input.channels))
        part = slice(batch.offsets[b], batch.offsets[b + 1])
        x[batch.steps[part], batch.units[part]] = 1
        target = np.full(output.size, loss.smoothing / output.size)
        target[batch.labels[b]] += 1 - loss.smoothing
        v, z, y, psi = (np.zeros(n) for n in (hidden.size, hidden.size, output.size, hidden.size))
        arrived = np.zeros(len(x[0]))
        sources = [np.zeros(len(x[0])), np.zeros(hidden.size)]
        traces = [np.zeros((len(source), hidden.size)) for source in sources]
        error, feedback, mean = np.zeros(output.size), np.zeros(hidden.size), np.zeros(output.size)
        for n in range(steps + 4):
            for i, name in enumerate(("input_hidden", "hidden_hidden")):
                traces[i] = alpha * traces[i] + np.outer(sources[i], psi)
                total[name] += charge * charge_out * gain * traces[i] * feedback
            total["hidden_output"] += charge_out * gain * np.outer(sources[1], error)
            feedback = w["hidden_output"] @ error
            p = np.exp(gain * (y - y.max()))
            p /= p.sum()
            mean += window[n] * p
            error = window[n] * (p - target)
            v = alpha * v + charge * (arrived @ w["input_hidden"] + z @ w["hidden_hidden"])
            y = alpha * y + charge_out * (z @ w["hidden_output"])
            psi = 0.3 * np.maximum(0, 1 - np.abs(v - 1))
            z = ((v >= 1) & (n < steps)).astype(float)
            v = v - z
            arrived = x[n]
            sources = [alpha * s + new for s, new in zip(sources, (arrived, z), strict=True)]
        means.append(mean)
    return {name: array / len(batch) for name, array in total.items()}, np.array(means)


class TestWithGenn:
    pytestmark = needs_genn

    @pytest.mark.parametrize("recurrent", [True, False])
    def test_its_gradient_is_that_of_the_equations(self, recurrent: bool) -> None:
        drawn = draw(replace(PLAN, layers=((9, recurrent),)), 4, trials=3)
        if not recurrent:
            drawn.weights["hidden_hidden"] = np.zeros((9, 9), np.float32)
        batch = drawn.batch()
        wanted, means = reference(drawn, batch, LOSS)
        if not recurrent:
            del drawn.weights["hidden_hidden"]
        with eprop(drawn) as engine:
            for _ in range(2):
                found = engine.gradients(batch)
                assert found.hidden_counts.sum() > 20
                np.testing.assert_allclose(np.exp(found.logits), means, atol=1e-5)
                for name, gradient in found.weights.items():
                    np.testing.assert_allclose(gradient, wanted[name], atol=1e-5 * np.abs(wanted[name]).max())

    def test_it_learns(self) -> None:
        drawn = draw(PLAN, 5, trials=6)
        batch = drawn.batch()
        with eprop(drawn, CrossEntropy(Uniform())) as engine:
            first = engine.train_epoch([batch], 1e-2)
            for _ in range(150):
                last = engine.train_epoch([batch], 1e-2)
            assert last.loss < 0.7 * first.loss
            assert engine.predict([batch]).losses.mean() == pytest.approx(last.loss, rel=0.2)

    def test_it_goes_on_from_its_state_to_the_bit(self) -> None:
        drawn = draw(PLAN, 6, trials=4)
        with eprop(drawn) as whole, eprop(drawn) as part:
            for _ in range(4):
                whole.train_epoch([drawn.batch()], 1e-2)
            for _ in range(2):
                part.train_epoch([drawn.batch()], 1e-2)
            with eprop(drawn) as rest:
                rest.load_state(part.state())
                for _ in range(2):
                    rest.train_epoch([drawn.batch()], 1e-2)
                for name, array in whole.state().items():
                    np.testing.assert_array_equal(rest.state()[name], array)

    def test_a_recording_has_the_spikes_that_were_counted(self) -> None:
        drawn = draw(PLAN, 7, trials=2)
        with eprop(drawn) as engine:
            recordings = engine.record(drawn.batch())
            counts = np.bincount(np.concatenate([r.spikes["hidden"].neurons for r in recordings]), minlength=9)
            np.testing.assert_array_equal(counts, engine.predict([drawn.batch()]).hidden_counts)
            assert recordings[0].voltages["output"].shape == (100, 3)
            with pytest.raises(InputError, match="no adjoints"):
                engine.record(drawn.batch(), adjoints=True)


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (replace(PLAN, layers=((5, True), (4, True))), "one hidden layer"),
        (replace(PLAN, bias=True), "no biases"),
        (replace(PLAN, delayed=("recurrent",)), "no delays"),
        (replace(PLAN, constants=("hidden",)), "one tau_mem"),
    ],
)
def test_what_it_can_not_train_is_refused(plan: Plan, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(available, "missing", lambda: None)
    with pytest.raises(InputError, match=words):
        choose(draw(plan, 1).problem(LOSS, method="e-prop"), "genn")
    with pytest.raises(InputError, match="MaxOverTime"):
        choose(draw(PLAN, 1).problem(MaxOverTime(), method="e-prop"), "genn")
