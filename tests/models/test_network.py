"""Descriptions of networks: names and shapes of their parameters, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from models.initialisers import Initial
from models.network import DelayLine, Hidden, Input, Leaky, Network, Spiking, Synapses

NETWORK = Network(Input(70, DelayLine(copies=10, spacing=30.0)), (Hidden(40),), Leaky(20))
DEEP = Network(
    Input(5),
    (
        Hidden(4, time_constants="trained", bias=True, synapses=Synapses(0.5, "trained", 20.0)),
        Hidden(3, recurrent=None, time_constants="fixed"),
        Hidden(6, recurrent=Synapses(delays="fixed", longest=7.0)),
    ),
    Leaky(2, bias=True),
)


def test_shapes_are_pre_by_post() -> None:
    assert NETWORK.shapes == {"input_hidden": (700, 40), "hidden_hidden": (40, 40), "hidden_output": (40, 20)}
    alone = replace(NETWORK, hidden=(Hidden(40, recurrent=None),))
    assert alone.shapes == {"input_hidden": (700, 40), "hidden_output": (40, 20)}


def test_several_layers_are_numbered_and_have_parameters_of_their_own() -> None:
    assert list(DEEP.populations) == ["hidden1", "hidden2", "hidden3", "output"]
    assert DEEP.hidden_size == 13
    assert DEEP.shapes == {
        "input_hidden1": (5, 4),
        "hidden1_hidden1": (4, 4),
        "hidden1_hidden2": (4, 3),
        "hidden2_hidden3": (3, 6),
        "hidden3_hidden3": (6, 6),
        "hidden3_output": (6, 2),
        "input_hidden1_delay": (5, 4),
        "hidden3_hidden3_delay": (6, 6),
        "hidden1_bias": (4,),
        "hidden1_tau_mem": (4,),
        "hidden1_tau_syn": (4,),
        "hidden2_tau_mem": (3,),
        "hidden2_tau_syn": (3,),
        "output_bias": (2,),
    }
    assert DEEP.fixed == {"hidden3_hidden3_delay", "hidden2_tau_mem", "hidden2_tau_syn"}


def test_connections_are_of_the_kind_that_their_ends_make_them() -> None:
    assert [c.kind for c in NETWORK.connections] == ["input", "recurrent", "output"]
    kinds = ["input", "recurrent", "feedforward", "feedforward", "recurrent", "output"]
    assert [c.kind for c in DEEP.connections] == kinds
    assert [(c.source, c.target) for c in DEEP.connections][:3] == [
        ("input", "hidden1"),
        ("hidden1", "hidden1"),
        ("hidden1", "hidden2"),
    ]


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    recurrent=st.lists(st.booleans(), min_size=4, max_size=4),
    channels=st.integers(1, 5),
    classes=st.integers(1, 5),
)
def test_every_connection_begins_where_the_one_before_ends(
    sizes: list[int], recurrent: list[bool], channels: int, classes: int
) -> None:
    layers = tuple(Hidden(n, recurrent=Synapses() if r else None) for n, r in zip(sizes, recurrent, strict=False))
    network = Network(Input(channels), layers, Leaky(classes))
    chain = [c for c in network.connections if c.kind != "recurrent"]
    assert [c.shape for c in chain] == list(zip([channels, *sizes], [*sizes, classes], strict=True))
    assert sum(c.kind == "recurrent" for c in network.connections) == sum(recurrent[: len(sizes)])
    assert set(network.shapes) == {c.name for c in network.connections}
    network.check(Initial().draw(network, 1))


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: DelayLine(copies=0), "copies is 0"),
        (lambda: DelayLine(copies=2), "spacing is 0"),
        (lambda: DelayLine(copies=2, spacing=-3.0), r"spacing is -3\.0"),
        (lambda: Input(channels=0), "channels is 0"),
        (lambda: Spiking(0), "size is 0"),
        (lambda: Leaky(3, tau_mem=0.0), r"tau_mem is 0\.0 ms"),
        (lambda: Leaky(3, tau_syn=float("nan")), "tau_syn is nan"),
        (lambda: Leaky(3, tau_mem=5.0, tau_syn=5.0), r"both 5\.0 ms; they must differ"),
        (lambda: Spiking(3, threshold=0.0), r"threshold is 0\.0"),
        (lambda: Hidden(3, threshold=float("inf")), "threshold is inf"),
        (lambda: Synapses(density=0.0), r"density is 0\.0"),
        (lambda: Synapses(density=1.5), r"density is 1\.5"),
        (lambda: Synapses(longest=5.0), r'synapses\.longest is 5\.0 ms and delays is "none"'),
        (lambda: Synapses(delays="trained"), r"synapses\.longest is 0\.0 ms; it must be above 0 for delays"),
        (lambda: Synapses(delays="fixed", longest=float("inf")), "longest is inf ms"),
        (lambda: Network(Input(3), (), Leaky(2)), "needs a hidden layer"),
    ],
)
def test_impossible_values_are_refused_by_name(make: Callable[[], object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        make()


def test_weights_of_another_network_are_refused() -> None:
    weights = Initial().draw(NETWORK, 0)
    NETWORK.check(weights)
    with pytest.raises(InputError, match="weights are"):
        NETWORK.check({"input_hidden": weights["input_hidden"]})
    with pytest.raises(InputError, match=r"hidden_output have shape \(20, 40\); this network's is \(40, 20\)"):
        NETWORK.check({**weights, "hidden_output": weights["hidden_output"].T})


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("hidden1_tau_mem", 0.0, r"hidden1_tau_mem has a value of 0\.0 ms"),
        ("hidden2_tau_syn", np.nan, r"hidden2_tau_syn has a value of nan ms"),
        ("input_hidden1_delay", -0.5, r"input_hidden1_delay goes from -0\.5 to .* all must lie in 0\.\.20"),
        ("hidden3_hidden3_delay", 7.5, r"hidden3_hidden3_delay goes from .* to 7\.5 ms; all must lie in 0\.\.7"),
    ],
)
def test_parameters_out_of_their_range_are_refused(name: str, value: float, sentence: str) -> None:
    weights = Initial().draw(DEEP, 0)
    DEEP.check(weights)
    weights[name].flat[1] = value
    with pytest.raises(InputError, match=sentence):
        DEEP.check(weights)
