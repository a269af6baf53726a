"""The check of gradients on a few networks: it tells right from wrong."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.windows import Exponential, Gaussian, Uniform, Window
from pipeline.console import Console
from pipeline.training.run import commit
from results.experiments.gradcheck import report
from results.experiments.gradcheck.check import against_plain, errors, summary
from results.experiments.gradcheck.networks import KINDS, Kind
from results.experiments.gradcheck.schemes import GENN, INTERPOLATED, ML_GENN, PLAIN, Gradients, Scheme

SHORT = {"recurrent, 100 ms": KINDS["recurrent, 100 ms"]}
WINDOWS = {"gaussian": Gaussian(mu=0.25, sigma=0.15)}


@contextmanager
def half(kind: Kind, window: Window, dt: float) -> Iterator[Gradients]:
    """The right gradient at half its size."""
    with INTERPOLATED.opened(kind, window, 1 / 64) as right:
        yield lambda instance: {name: 0.5 * gradient for name, gradient in right(instance).items()}


def test_instances_have_the_same_events_on_every_grid() -> None:
    instance = KINDS["recurrent, 400 ms"].draw(3)
    coarse, fine = instance.batch(1.0), instance.batch(0.25)
    np.testing.assert_array_equal(coarse.steps * 4, fine.steps)
    np.testing.assert_array_equal(coarse.units, fine.units)


def test_a_gradient_of_half_the_size_has_cosine_one_and_error_one_half() -> None:
    table = summary(errors(3, (1.0,), WINDOWS, SHORT, [Scheme("half", half)]))
    np.testing.assert_allclose(table["cosine"], 1, atol=1e-3)
    np.testing.assert_allclose(table["norm_ratio"], 0.5, atol=0.02)
    np.testing.assert_allclose(table["relative_error"], 0.5, atol=0.02)


def test_interpolation_brings_hidden_gradients_at_one_millisecond_below_a_third_of_the_error() -> None:
    table = summary(errors(8, (1.0,), WINDOWS, SHORT, [PLAIN, INTERPOLATED]))
    ratios = against_plain(table)["cpu, interpolated"]
    assert len(ratios) == 1
    assert ratios.iloc[0] < 1 / 3


def test_the_command_prints_and_writes_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def few(samples: int, steps: tuple[float, ...] = (1.0,)) -> pd.DataFrame:
        return errors(2, steps, WINDOWS, SHORT, [PLAIN, INTERPOLATED])

    monkeypatch.setattr(report, "errors", few)
    said = io.StringIO()
    report.gradcheck(Console(file=said, width=200), quick=True, folder=tmp_path)
    assert "recurrent, 100 ms" in said.getvalue()
    rows = pd.read_csv(tmp_path / "gradcheck.csv")
    assert set(rows["scheme"]) == {"cpu, plain", "cpu, interpolated"}
    assert set(rows["weights"]) == {"input_hidden", "hidden_hidden", "hidden_output"}
    assert len(re.findall(r"\| cpu, plain +\|", (tmp_path / "gradcheck.md").read_text())) == 6
    assert json.loads((tmp_path / "gradcheck.json").read_text())["commit"] == commit()


@pytest.mark.genn
@pytest.mark.parametrize("window", [Uniform(), Exponential()])
def test_mlgenns_gradients_approach_the_exact_ones(window: Window) -> None:
    pytest.importorskip("pygenn")
    pytest.importorskip("ml_genn")
    table = summary(errors(5, (1 / 64,), {"window": window}, SHORT, [ML_GENN])).set_index("weights")
    assert table["relative_error"]["hidden_output"] < 0.01
    assert table["cosine"]["input_hidden"] > 0.9
    assert 0.9 < table["norm_ratio"]["input_hidden"] < 1.1


@pytest.mark.genn
def test_the_genn_engines_errors_are_the_cpu_engines() -> None:
    pytest.importorskip("pygenn")
    pytest.importorskip("ml_genn")
    table = summary(errors(3, (1.0,), {"gaussian": Gaussian(mu=0.3)}, SHORT, [PLAIN, GENN]))
    wide = table.pivot_table("relative_error", "weights", "scheme")
    np.testing.assert_allclose(wide["genn"], wide["cpu, plain"], rtol=1e-3)
