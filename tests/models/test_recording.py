"""Recordings as tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.recording import Recording, Spikes

STEPS, DT = 5, 0.5
SIZES = {"hidden1": 3, "hidden2": 2, "output": 4}


def traces(seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=(STEPS, size)).astype(np.float32) for name, size in SIZES.items()}


@pytest.fixture
def recording() -> Recording:
    spikes = {
        "hidden1": Spikes(np.array([0.5, 1.0, 1.0]), np.array([2, 0, 1], dtype=np.int32)),
        "hidden2": Spikes(np.array([1.5]), np.array([0], dtype=np.int32)),
        "output": Spikes(np.empty(0), np.empty(0, dtype=np.int32)),
    }
    return Recording(DT, np.zeros(4), spikes, traces(0))


def test_every_spike_has_a_row(recording: Recording) -> None:
    expected = pd.DataFrame(
        {
            "population": ["hidden1"] * 3 + ["hidden2"],
            "neuron": [2, 0, 1, 0],
            "time": [0.5, 1.0, 1.0, 1.5],
        }
    )
    pd.testing.assert_frame_equal(recording.spike_table(), expected, check_dtype=False)


def test_every_voltage_has_a_row_at_the_end_of_its_step(recording: Recording) -> None:
    table = recording.trace_table()
    assert list(table.columns) == ["population", "neuron", "time", "voltage"]
    assert len(table) == STEPS * sum(SIZES.values())
    for name, voltage in recording.voltages.items():
        rows = table[table["population"] == name].pivot(index="time", columns="neuron", values="voltage")
        np.testing.assert_array_equal(rows.to_numpy(), voltage)
        np.testing.assert_allclose(rows.index, DT * np.arange(1, STEPS + 1))


def test_adjoints_are_columns_of_their_own_where_they_are_recorded(recording: Recording) -> None:
    backward = replace(recording, adjoint_voltages=traces(1), adjoint_currents={"hidden1": traces(2)["hidden1"]})
    table = backward.trace_table()
    for name in SIZES:
        rows = table[table["population"] == name]
        np.testing.assert_array_equal(rows["adjoint_voltage"], backward.adjoint_voltages[name].ravel())
        assert rows["adjoint_current"].isna().all() == (name != "hidden1")
