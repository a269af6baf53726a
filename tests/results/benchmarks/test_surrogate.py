"""The peer must be the same network doing the same work, else its time says nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from results.benchmarks.ours import engine
from results.benchmarks.shd_shaped import Shape


@pytest.mark.parametrize("recurrent", [True, False])
@pytest.mark.parametrize("reading", ["step by step", "indexed", "unbound"])
def test_the_peer_is_the_same_network(tiny: Shape, reading: str, recurrent: bool) -> None:
    """Equal spikes and loss; and equal gradients of the output weights, which no spike's derivative enters."""
    pytest.importorskip("torch")
    from results.benchmarks.peers.surrogate import SurrogateNetwork

    shape = replace(tiny, recurrent=recurrent)
    (batch,) = shape.batches(1)
    ours = engine(shape).gradients(batch)
    peer = SurrogateNetwork(shape.problem, shape.weights(), 1e-3, reading)
    loss, spikes = peer.gradients(batch)
    assert spikes > 100
    assert spikes == ours.hidden_counts.sum()
    assert loss == pytest.approx(ours.losses.mean(), rel=1e-5)
    found = {name: w.grad.numpy() for name, w in peer.weights.items()}
    np.testing.assert_allclose(found["hidden_output"], ours.weights["hidden_output"], rtol=1e-3, atol=1e-7)
    for gradient in found.values():
        assert np.abs(gradient).max() > 0
