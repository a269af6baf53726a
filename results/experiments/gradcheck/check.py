"""Errors of gradients on time grids against the event-exact ones, by time step and window."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.engines.exact import ExactEngine, trials
from models.losses import CrossEntropy
from models.windows import Bump, Exponential, Gaussian, Uniform, Window
from results.experiments.gradcheck.networks import KINDS, Kind
from results.experiments.gradcheck.schemes import SCALE, Scheme, schemes

STEPS = (1.0, 0.5, 0.25, 0.125, 1 / 64)
"""ms."""

WINDOWS: Mapping[str, Window] = {
    "uniform": Uniform(),
    "exponential": Exponential(),
    "gaussian": Gaussian(mu=0.25, sigma=0.15),
    "bump": Bump(),
}

KEYS = ["network", "scheme", "window", "dt", "weights"]


def errors(
    samples: int = 20,
    steps: Sequence[float] = STEPS,
    windows: Mapping[str, Window] = WINDOWS,
    kinds: Mapping[str, Kind] = KINDS,
    compared: Sequence[Scheme] | None = None,
) -> pd.DataFrame:
    """Compare gradients with those of the event-exact engine, in a number of random networks of each kind.

    Time steps, in ms, are powers of 2. By default all schemes are compared whose packages are installed.

    Returns
    -------
    DataFrame
        One row a network, scheme, window, time step and weight matrix, with the `KEYS` and ``seed``; cosine, relative
        error |g - e| / |e| and ratio of norms |g| / |e| of the gradient g and the exact gradient e; and ``min_slope``,
        the least tau_mem dV/dt at any spike of the network, in thresholds.
    """
    rows = []
    for kind_name, kind in kinds.items():
        instances = [kind.draw(seed) for seed in range(samples)]
        for window_name, window in windows.items():
            loss = CrossEntropy(window, SCALE)
            exact = [
                ExactEngine(kind.network, one.weights, loss, kind.trial).gradients(trials(one.batch(1.0), 1.0))
                for one in instances
            ]
            for scheme, dt in itertools.product(schemes() if compared is None else compared, steps):
                if not isinstance(window, scheme.windows):
                    continue
                with scheme.opened(kind, window, dt) as gradients:
                    for seed, (instance, truth) in enumerate(zip(instances, exact, strict=True)):
                        found = gradients(instance)
                        for name, gradient in truth.weights.items():
                            key = (kind_name, scheme.name, window_name, dt, name)
                            rows.append((*key, seed, *_compared(found[name], gradient), truth.min_slope))
    return pd.DataFrame(rows, columns=[*KEYS, "seed", "cosine", "relative_error", "norm_ratio", "min_slope"])


def _compared(found: NDArray[np.floating], truth: NDArray[np.float64]) -> tuple[float, float, float]:
    g = np.asarray(found, dtype=np.float64)
    size, true_size = float(np.linalg.norm(g)), float(np.linalg.norm(truth))
    cosine = float((g * truth).sum()) / max(size * true_size, np.finfo(float).tiny)
    return cosine, float(np.linalg.norm(g - truth)) / true_size, size / true_size


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the medians of `errors` over networks, with the quartiles of the relative error."""
    groups = rows.groupby(KEYS, sort=False)
    table = groups[["cosine", "relative_error", "norm_ratio"]].median()
    for name, q in (("lower_quartile", 0.25), ("upper_quartile", 0.75)):
        table[name] = groups["relative_error"].quantile(q)
    return table.reset_index()


def against_plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return each scheme's median relative error of hidden gradients as a multiple of that of plain spike times."""
    hidden = table[table["weights"] != "hidden_output"]
    wide = hidden.pivot_table("relative_error", ["network", "window", "dt", "weights"], "scheme", sort=False)
    ratios = wide.div(wide["cpu, plain"], axis=0).drop(columns="cpu, plain")
    return ratios.groupby(["network", "dt"], sort=False).median().reset_index()
