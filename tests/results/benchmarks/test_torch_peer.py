"""The peer must be the same network doing the same work, else its time says nothing."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from models.engines.cpu.engine import CpuEngine
from results.benchmarks import torch_peer
from results.benchmarks.shd_shaped import DT, LOSS, Shape

SHAPE = Shape(channels=40, hidden=20, classes=5, steps=120, batch=6, events=3000)


def test_without_torch_the_case_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError) as missing:
        torch_peer.run()
    assert missing.value.name == "torch"


def test_made_up_spikes_have_the_shape_asked_for() -> None:
    first, second = SHAPE.batches(2)
    for batch in (first, second):
        assert len(batch) == 6
        assert np.all(np.diff(batch.offsets) == 3000)
        assert batch.steps.max() < 118
        for b in range(6):
            at = slice(batch.offsets[b], batch.offsets[b + 1])
            assert np.all(np.diff(batch.steps[at].astype(np.int64) * 40 + batch.units[at]) > 0)
    assert not np.array_equal(first.units, second.units)
    assert Shape(steps=500, events=2000, busy=240).batches(1)[0].steps.max() < 240


@pytest.mark.parametrize("reading", ["step by step", "indexed", "unbound"])
def test_the_peer_is_the_same_network(reading: str) -> None:
    """Equal spikes and loss; and equal gradients of the output weights, which no spike's derivative enters."""
    pytest.importorskip("torch")
    from results.benchmarks.peers.surrogate import SurrogateNetwork

    batch, weights = SHAPE.batches(1)[0], SHAPE.weights()
    ours = CpuEngine(SHAPE.network, weights, LOSS, DT, SHAPE.steps).gradients(batch)
    peer = SurrogateNetwork(SHAPE.network, weights, LOSS, DT, SHAPE.steps, 1e-3, reading)
    loss, spikes = peer.gradients(batch)
    assert spikes > 100
    assert spikes == ours.hidden_counts.sum()
    assert loss == pytest.approx(ours.losses.mean(), rel=1e-5)
    found = {name: w.grad.numpy() for name, w in peer.weights.items()}
    np.testing.assert_allclose(found["hidden_output"], ours.weights["hidden_output"], rtol=1e-3, atol=1e-7)
    assert np.abs(found["input_hidden"]).max() > 0
    assert np.abs(found["hidden_hidden"]).max() > 0


def test_rows_compare_ours_with_every_way_of_writing_the_peer() -> None:
    pytest.importorskip("torch")
    ours, *peers = torch_peer.run(quick=True, shape=SHAPE, threads=1, batches=2)
    assert [row["trainer"] for row in peers] == list(torch_peer.TRAINERS.values())[1:]
    assert len(peers) == 3
    assert ours["ours_times_faster"] == 1
    for row in peers:
        assert float(row["ours_times_faster"]) == pytest.approx(
            float(row["ms_an_example"]) / float(ours["ms_an_example"])
        )
        assert float(row["hidden_spikes"]) == pytest.approx(float(ours["hidden_spikes"]), rel=0.05)
