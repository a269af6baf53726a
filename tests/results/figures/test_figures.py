"""Figures are drawn from computation, and what they compute is right."""

from __future__ import annotations

import io
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from models.errors import InputError
from models.neurons.stdp import PairSynapse
from models.windows import Exponential, Gaussian, Uniform
from pipeline.config import load, load_config
from pipeline.console import Console
from pipeline.evaluation.intervals import student
from pipeline.events import Events
from results.figures import descent, early_and_late, eventprop, gallery, membrane, networks
from results.figures.registry import figure
from results.figures.seeds import by_speaker
from results.figures.windows import weight_within


@pytest.mark.parametrize("name", list(gallery.DRAWINGS))
def test_each_is_drawn_without_the_shipped_configs_and_says_what_it_shows(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "CONFIG_FOLDER", tmp_path / "none")
    missing = [need for need in gallery.DRAWINGS[name].needs if not (gallery.PUBLISHED / need).is_file()]
    if missing:
        pytest.skip(f"{missing[0]} has not been committed yet")
    png = gallery.draw([name], Console(file=io.StringIO()), tmp_path)[name]
    assert png.read_bytes().startswith(b"\x89PNG")
    assert png.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
    assert gallery.DRAWINGS[name].says.endswith(".")


def test_a_figure_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 13-stdp"):
        gallery.draw(["13-sdtp"], Console(file=io.StringIO()))


def test_a_figure_that_lacks_a_published_result_is_left_out_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        gallery, "DRAWINGS", {name: gallery.DRAWINGS[name] for name in ("06-leaky", "13-stdp", "length")}
    )
    said = io.StringIO()
    with pytest.raises(InputError, match=r"bench.length\.json, which is missing"):
        gallery.draw(["length"], Console(file=said), tmp_path / "made", tmp_path)
    made = gallery.draw((), Console(file=said, width=500), tmp_path / "made", tmp_path)
    assert list(made) == ["06-leaky", "13-stdp"]
    assert "left out: the figure length" in said.getvalue()


def test_two_figures_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two figures are named 06-leaky"):
        figure("06-leaky", says="Another.")(Figure)


def plotted(drawn: Figure) -> list[np.ndarray]:
    """All numbers that a figure's axes show."""
    found = []
    for axes in drawn.axes:
        found += [np.asarray(line.get_xydata(), float) for line in axes.lines]
        found += [np.asarray(patch.get_xy(), float) for patch in axes.patches]
        found += [path.vertices for part in axes.collections for path in part.get_paths()]
    return found


@pytest.mark.parametrize("name", ["windows", "early-and-late"])
def test_figures_that_show_windows_stay_the_same_when_shipped_configs_are_edited(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = gallery.DRAWINGS[name]
    needs = [gallery.PUBLISHED / need for need in drawing.needs]
    before = plotted(drawing.draw(*needs))
    for path in load.CONFIG_FOLDER.glob("*.toml"):
        text = re.sub(r"(?m)^trial = .*$", "trial = 1234.0", path.read_text(encoding="utf-8"))
        text = re.sub(r"(?m)^mu = .*$", "mu = 0.7", text)
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(load, "CONFIG_FOLDER", tmp_path)
    assert load_config("fsdd").data.trial == 1234.0
    after = plotted(drawing.draw(*needs))
    assert len(before) == len(after) > 20
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_means_over_seeds_have_our_intervals_and_seaborn_leaves_the_style_alone() -> None:
    style = dict(mpl.rcParams)
    path = gallery.PUBLISHED / gallery.DRAWINGS["speakers"].needs[0]
    (axes,) = by_speaker(path).axes
    assert dict(mpl.rcParams) == style
    table = pd.read_csv(path)
    table = table[table["variant"] == "defaults"]
    expected = [student(part["accuracy"].to_numpy()) for _, part in table.groupby("held")]
    bars = sorted(tuple(line.get_ydata()) for line in axes.lines if len(line.get_ydata()) == 2)
    (means,) = (line.get_ydata() for line in axes.lines if len(line.get_ydata()) == len(expected))
    np.testing.assert_allclose(means, sorted(mean for mean, _, _ in expected), rtol=1e-12)
    np.testing.assert_allclose(
        [bar for bar in bars if bar[0] != bar[1]], sorted((low, high) for _, low, high in expected), rtol=1e-12
    )
    dots = sorted(y for dots in axes.collections for _, y in dots.get_offsets())
    np.testing.assert_allclose(dots, sorted(table["accuracy"]), rtol=1e-12)


MEM, SYN = 20.0, 5.0


def test_a_spike_changes_a_logit_by_the_integral_of_its_potential_under_the_window() -> None:
    found = early_and_late.windowed_potential(Uniform(), 400.0, MEM, SYN)
    left = 400.0 - np.arange(400)
    integral = MEM * (1 - np.exp(-left / MEM)) - SYN * (1 - np.exp(-left / SYN))
    assert found == pytest.approx(integral / integral.mean(), abs=2e-3)
    assert found[:200] == pytest.approx(np.full(200, found[0]), rel=1e-3), "moving changes nothing far from the end"
    assert found[-1] < 0.01 * found[0], "the last one comes too late"
    narrow = early_and_late.windowed_potential(Gaussian(mu=0.5, sigma=0.01), 400.0, MEM, SYN)
    lag = 200 - np.argmax(narrow)
    times = np.arange(0, 100, 0.1)
    peak = times[np.argmax(np.exp(-times / MEM) - np.exp(-times / SYN))]
    assert lag == pytest.approx(peak, abs=2), "a spike counts most if its potential peaks in the window"


def test_a_narrow_window_lies_in_uninformative_slices_entirely_or_not_at_all() -> None:
    slices = pd.DataFrame({"begin": np.arange(0, 800, 50.0), "alone": 0.1, "chance": 0.1})
    slices.loc[(slices["begin"] >= 300) & (slices["begin"] < 500), "alone"] = 0.8
    there = early_and_late.windowed_potential(Gaussian(mu=0.52, sigma=0.02), 800.0, MEM, SYN)
    before = early_and_late.windowed_potential(Gaussian(mu=0.2, sigma=0.02), 800.0, MEM, SYN)
    assert early_and_late.share_in_uninformative_slices(slices, there, 800.0) < 0.02
    assert early_and_late.share_in_uninformative_slices(slices, before, 800.0) > 0.98


def test_the_descents_gradient_is_the_losses() -> None:
    for weights in np.random.default_rng(0).uniform(-2, 2, (5, 2)):
        for i, step in enumerate(np.eye(2) * 1e-6):
            slope = (descent.loss(*(weights + step)) - descent.loss(*(weights - step))) / 2e-6
            assert descent.gradient(weights)[i] == pytest.approx(float(slope), abs=1e-6)


@pytest.mark.parametrize("method", [descent.sgd, descent.adam])
def test_where_a_descent_starts_decides_between_the_best_valley_and_a_worse_one(method) -> None:
    ends = [method(start)[-1] for start in descent.STARTS]
    valleys = [np.sign(end[0]) for end in ends]
    assert set(valleys) == {-1.0, 1.0}
    for end, valley in zip(ends, valleys, strict=True):
        reached = float(descent.loss(*end))
        if valley > 0:
            assert end == pytest.approx(descent.BEST, abs=0.1)
            assert reached < 1e-3
        else:
            assert 0.03 < reached < 0.05, "a local minimum, and the same one"
            assert np.linalg.norm(descent.gradient(end)) < 0.05


def test_pairings_far_apart_change_a_synapse_as_the_rule_says() -> None:
    synapse = PairSynapse()
    for distance in (-40.0, -5.0, 0.0, 5.0, 40.0):
        change = synapse.pair(distance, 10, 5000.0) - synapse.start
        assert change == pytest.approx(10 * float(synapse.rule(np.array(distance))), rel=1e-6)
    assert synapse.run([], [1.0, 2.0, 3.0]) == synapse.start
    assert synapse.pair(5.0, 10_000, 100.0) == 2 * synapse.start


def test_nernst_potentials_are_the_squids() -> None:
    potentials = [membrane.nernst(*amounts) for amounts in membrane.CONCENTRATIONS.values()]
    assert potentials == pytest.approx([52.4, -72.1], abs=0.2)
    assert membrane.nernst(10.0, 10.0) == 0.0


def test_the_matrix_figures_numbers_are_a_networks() -> None:
    x, w, h, v, y = networks._numbers()
    assert h[0] == pytest.approx(sum(x[i] * w[i, 0] for i in range(3)))
    np.testing.assert_allclose(y, x @ w @ v)
    wanted = np.array([1.0, 0.0, 0.0])
    below = networks.errors(y, v)[1]
    for i, step in enumerate(np.eye(len(h)) * 1e-6):
        losses = [(((h + sign * step) @ v - wanted) ** 2).mean() for sign in (1, -1)]
        assert below[i] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-5)


def test_in_the_eventprop_figure_adjoints_jump_at_the_spikes_and_nowhere_else() -> None:
    needs = [gallery.PUBLISHED / need for need in gallery.DRAWINGS["14-eventprop"].needs]
    trained, batch, recordings = eventprop.record(*needs)
    right = [recording.logits.argmax() == label for recording, label in zip(recordings, batch.labels, strict=True)]
    assert np.mean(right) > 0.7
    decay = np.exp(-trained.config.data.dt / trained.engine.weights["hidden_tau_mem"].astype(float))
    for recording in recordings:
        spikes, adjoint = recording.spikes["hidden"], recording.adjoint_voltages["hidden"].astype(float)
        steps = np.rint(spikes.times / recording.dt).astype(int) - 1
        for neuron in eventprop.shown(recording, 3):
            own = steps[spikes.neurons == neuron]
            jump = np.abs(adjoint[:-1, neuron] - decay[neuron] * adjoint[1:, neuron]) / np.abs(adjoint[:, neuron]).max()
            assert np.flatnonzero(jump > 1e-5).tolist() == own.tolist()


def test_what_a_window_weighs_within_a_word_is_its_integral_there() -> None:
    events = Events(np.linspace(300, 700, 2001).astype(np.float32), np.zeros(2001, np.uint16))
    exponential = weight_within(events, 1000.0, Exponential())
    assert exponential == pytest.approx((np.exp(-0.32) - np.exp(-0.68)) / (1 - np.exp(-1)), abs=0.005)
    assert weight_within(events, 1000.0, Uniform()) == pytest.approx(0.36, abs=0.005)
    assert weight_within(events, 1000.0, Gaussian(mu=0.5, sigma=0.05)) > 0.99
    assert weight_within(Events(events.times[:0], events.units[:0]), 1000.0, Uniform()) == 0.0
