"""What a config's objects are: nothing that is set gets lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import windows
from models.engines.cpu.engine import CpuEngine
from models.initialisers import Constant, Initial, Kaiming, LogNormal, Normal, Uniform
from models.losses import CrossEntropy, FirstSpike, Loss, MaxOverTime, MeanSquare
from models.network import DelayLine, Hidden, Input, Leaky, Network, Spiking, Synapses
from models.optimiser import Optimiser
from models.problem import Problem
from models.regulariser import Regulariser
from pipeline.config import TrainingConfig, load_config
from pipeline.training.placement import make_engine
from pipeline.training.problem import make_network, make_problem

BARE = 'name = "bare"\n[data]\ndataset = "digits"\ntrial = 500.0\n'


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A config that leaves everything to the defaults."""
    path = tmp_path / "bare.toml"
    path.write_text(BARE)
    return path


def test_the_defaults_are_those_of_the_models(bare: Path) -> None:
    config = load_config(bare)
    assert make_network(config, 700, 20) == Network(Input(), (Hidden(256),), Leaky(20))
    assert config.network.initial == Initial()
    assert config.loss == CrossEntropy(windows.Gaussian())
    optimiser = Optimiser()
    assert all(getattr(TrainingConfig(), name) == value for name, value in vars(optimiser).items())


def test_every_field_of_the_network_arrives(bare: Path) -> None:
    config = load_config(
        bare,
        [
            "network.hidden=[30,20]",
            "network.recurrent=[false,true]",
            "network.tau_mem=30.0",
            "network.tau_syn=6.0",
            "network.time_constants=trained",
            "network.threshold=0.8",
            "network.bias=true",
            "network.output_tau_mem=40.0",
            "network.output_tau_syn=7.0",
            "network.output_time_constants=fixed",
            "network.output_bias=true",
            "network.delay_line={copies=2,spacing=10}",
            'network.synapses.input={density=0.1,delays="fixed",longest=1}',
            'network.synapses.recurrent={density=0.2,delays="trained",longest=2}',
            'network.synapses.feedforward={density=0.3,delays="trained",longest=3}',
            "network.synapses.output={density=0.4}",
        ],
    )
    layer = (30.0, 6.0, "trained", True)
    inputs, recurrent = Synapses(0.1, "fixed", 1.0), Synapses(0.2, "trained", 2.0)
    assert make_network(config, 5, 3) == Network(
        Input(5, DelayLine(2, 10.0)),
        (
            Hidden(30, *layer, threshold=0.8, synapses=inputs, recurrent=None),  # type: ignore[arg-type]
            Hidden(20, *layer, threshold=0.8, synapses=Synapses(0.3, "trained", 3.0), recurrent=recurrent),  # type: ignore[arg-type]
        ),
        Leaky(3, 40.0, 7.0, "fixed", True, synapses=Synapses(0.4)),
    )


def test_every_initialiser_arrives_where_it_belongs(bare: Path) -> None:
    config = load_config(
        bare,
        [
            'network.initial.input={kind="uniform",low=-1,high=2}',
            'network.initial.recurrent={kind="constant",value=3}',
            'network.initial.feedforward={kind="kaiming",gain=4}',
            'network.initial.output={kind="lognormal",median=5,spread=6}',
            'network.initial.bias={kind="normal",mean=7,sd=8}',
            'network.initial.delay={kind="uniform",low=9,high=10}',
            "network.initial.spread=0.2",
        ],
    )
    assert config.network.initial == Initial(
        Uniform(-1, 2), Constant(3), Kaiming(4), LogNormal(5, 6), Normal(7, 8), Uniform(9, 10), 0.2
    )


@pytest.mark.parametrize(
    ("overrides", "loss"),
    [
        (
            ["loss.scale=3.0", "loss.temperature=2.0", "loss.smoothing=0.1", "loss.window.mu=0.2"],
            CrossEntropy(windows.Gaussian(mu=0.2), 3.0, temperature=2.0, smoothing=0.1),
        ),
        (
            ["loss.kind=max-over-time", "loss.scale=3.0", "loss.temperature=2.0", "loss.smoothing=0.1"],
            MaxOverTime(3.0, temperature=2.0, smoothing=0.1),
        ),
        (
            ["loss.kind=first-spike", "loss.early=0.3", "loss.tau=50.0", "loss.temperature=2.0", "loss.smoothing=0.1"],
            FirstSpike(0.3, 50.0, temperature=2.0, smoothing=0.1),
        ),
        (
            ["loss.kind=mean-square", "loss.target=0.7", "loss.window.shape=exponential"],
            MeanSquare(windows.Exponential(), 0.7),
        ),
    ],
)
def test_every_field_of_the_loss_arrives(bare: Path, overrides: list[str], loss: Loss) -> None:
    assert load_config(bare, overrides).loss == loss


def test_outputs_spike_where_their_first_spikes_are_the_answer(bare: Path) -> None:
    config = load_config(bare, ["loss.kind=first-spike", "network.output_tau_mem=30.0", "network.threshold=0.5"])
    assert make_network(config, 700, 3).output == Spiking(3, 30.0, threshold=1.0)


def test_the_problem_has_optimiser_regulariser_spike_times_and_method(bare: Path) -> None:
    names = ("clip", "weight_decay", "delay_rate", "tau_rate")
    overrides = [f"training.{name}={i}.0" for i, name in enumerate(names, start=1)]
    more = ["network.spike_times=interpolated", "training.least_slope=0.3", "network.hidden=4"]
    regulariser = "training.regulariser={strength=0.5,target=3.0,lift=0.1}"
    config = load_config(bare, [*overrides, *more, regulariser])
    assert make_problem(config, 700, 3) == Problem(
        make_network(config, 700, 3),
        config.loss,
        dt=1.0,
        steps=500,
        optimiser=Optimiser(1.0, 2.0, 3.0, 4.0),
        regulariser=Regulariser(0.5, 3.0, 0.1),
        spike_times="interpolated",
        least_slope=0.3,
        method="eventprop",
    )


def test_the_engine_gets_the_problem_and_threads(bare: Path) -> None:
    config = load_config(bare, ["network.hidden=4", "engine=cpu"])
    engine = make_engine(config, 700, 3, 1)
    assert isinstance(engine, CpuEngine)
    assert engine.problem == make_problem(config, 700, 3)
    assert engine.threads == 1


def test_seeds_change_the_weights(bare: Path) -> None:
    drawn = [
        make_engine(load_config(bare, [f"seed={seed}", "network.hidden=4"]), 700, 3).weights["input_hidden"].tobytes()
        for seed in (1, 1, 2)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
