"""Configs: every shipped one can be built, and what is written is what was read."""

from __future__ import annotations

import itertools
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from models.errors import InputError
from models.losses import MaxOverTime
from models.windows import Uniform
from pipeline.config import CONFIG_FOLDER, load_config
from pipeline.training.problem import make_network
from pipeline.training.run import Run

SHIPPED = sorted(path.stem for path in CONFIG_FOLDER.glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_config_has_its_file_s_name_and_can_be_built(name: str) -> None:
    config = load_config(name)
    assert config.name == name
    network = make_network(config, 700, 20)
    network.check(config.network.initial.draw(network, 1))
    assert config.loss.readout.table(config.steps).shape == (config.steps,)


def test_there_is_one_for_every_data_set_that_needs_no_folder_of_one_s_own() -> None:
    assert {"demo", "digits", "fsdd", "shd", "shd-256", "ssc"} <= set(SHIPPED)


RICH = (
    "network.hidden=[64,32]",
    "network.recurrent=[true,false]",
    "network.bias=true",
    "network.output_time_constants=fixed",
    "network.spike_times=interpolated",
    'network.synapses.feedforward={density=0.2,delays="trained",longest=30}',
    "network.initial.feedforward.kind=kaiming",
    'network.initial.delay={kind="constant",value=2}',
    "training.schedule=plateau",
    "training.warmup_epochs=0.5",
)
KINDS = ("cross-entropy", "max-over-time", "first-spike", "mean-square")


@pytest.mark.parametrize("overrides", [(), RICH, *([f"loss.kind={kind}"] for kind in KINDS)])
@pytest.mark.parametrize("name", SHIPPED)
def test_a_config_survives_being_written_and_read(name: str, overrides: tuple[str, ...], tmp_path: Path) -> None:
    config = load_config(name, ["seed=7", *overrides])
    path = tmp_path / "config.toml"
    path.write_text(config.toml())
    assert load_config(path) == config
    assert load_config(path).toml() == config.toml()


def test_one_number_is_one_layer_and_one_truth_value_all_layers() -> None:
    one, listed = (load_config("demo", [f"network.hidden={h}"]) for h in ("64", "[64]"))
    assert one.network.hidden == (64,)
    assert one.hash() == listed.hash()
    assert load_config("demo", ["network.hidden=[8,7,6]"]).network.recurrent == (True, True, True)
    off = load_config("demo", ["network.hidden=[8,7]", "network.recurrent=false"]).network
    assert off.recurrent == (False, False)


def test_a_field_of_an_initialiser_is_set_alone(tmp_path: Path) -> None:
    path = tmp_path / "bare.toml"
    path.write_text('name = "bare"\n[data]\ndataset = "digits"\n')
    bare = load_config(path, ["network.initial.input.sd=0.05"]).network.initial
    assert asdict(bare.input) == {"kind": "normal", "mean": 0.03, "sd": 0.05}
    shipped = load_config("shd", ["network.initial.input.sd=0.05"]).network.initial
    assert asdict(shipped.input) == {"kind": "normal", "mean": 0.3, "sd": 0.05}
    assert shipped.output == load_config("shd").network.initial.output


def test_what_is_set_holds_in_whichever_order_and_the_same_choice_again_changes_nothing() -> None:
    fields = ["loss.kind=max-over-time", "loss.temperature=3.0", "loss.smoothing=0.1"]
    for order in itertools.permutations(fields):
        assert load_config("fsdd", order).loss == MaxOverTime(10.0, temperature=3.0, smoothing=0.1)
    plain = load_config("fsdd")
    same = ["loss.kind=cross-entropy", "loss.window.shape=gaussian", "network.initial.recurrent.kind=normal"]
    assert load_config("fsdd", same) == plain
    fields = ["loss.window.shape=bump", "loss.window.mu=0.1", "loss.window.sigma=0.2", "loss.window.depth=3.0"]
    assert len({load_config("fsdd", order).hash() for order in itertools.permutations(fields)}) == 1
    config = load_config("fsdd", ["loss.window.normalise=false", "loss.window.shape=uniform"])
    assert config.window is not None
    assert not config.window.normalise


def test_another_kind_forgets_the_fields_of_the_one_before() -> None:
    initial = load_config("shd", ["network.initial.input.kind=uniform", "network.initial.input.high=0.2"])
    assert asdict(initial.network.initial.input) == {"kind": "uniform", "low": -0.05, "high": 0.2}
    loss = load_config("fsdd", ["loss.smoothing=0.1", "loss.kind=max-over-time"]).loss
    assert asdict(loss) == {"kind": "max-over-time", "scale": 10.0, "temperature": 1.0, "smoothing": 0.1}
    windowed = load_config("fsdd", ["loss.kind=mean-square"])
    assert windowed.window == load_config("fsdd").window
    assert load_config("fsdd", ["loss.kind=first-spike"]).window is None


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("cross-entropy", "early"),
        ("cross-entropy", "tau"),
        ("cross-entropy", "target"),
        ("max-over-time", "window"),
        ("max-over-time", "target"),
        ("first-spike", "window"),
        ("first-spike", "scale"),
        ("mean-square", "scale"),
        ("mean-square", "temperature"),
        ("mean-square", "smoothing"),
    ],
)
def test_a_field_that_a_loss_does_not_have_is_refused(kind: str, field: str) -> None:
    value = '{shape="uniform"}' if field == "window" else "0.5"
    with pytest.raises(InputError, match=rf"loss\.{field} is set, but a loss of kind {kind} has no {field}$"):
        load_config("fsdd", [f"loss.kind={kind}", f"loss.{field}={value}"])


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("blend=2", r"augmentation\.blend is 2\.0; it must be a probability from 0 to 1$"),
        ("shift=-1", r"augmentation\.shift is -1; it must be an integer of at least 0$"),
        ("jitter=nan", r"augmentation\.jitter is nan; input should be a finite number$"),
        ("blendd=1", r"unknown field augmentation\.blendd; the nearest right name is augmentation\.blend$"),
    ],
)
def test_a_wrong_augmentation_is_refused(override: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        load_config("fsdd", [f"augmentation.{override}"])


def test_runs_are_told_apart_by_every_field_but_share_a_hash_across_seeds() -> None:
    one = load_config("fsdd")
    assert one.hash() == load_config("fsdd", ["seed=5"]).hash()
    assert Run.of(one).folder != Run.of(load_config("fsdd", ["seed=5"])).folder
    others = [
        "network.hidden=64",
        "network.initial.output.sd=0.1",
        "network.synapses.input.density=0.5",
        "network.spike_times=interpolated",
        "loss.window.mu=0.4",
        "loss.kind=mean-square",
        "training.regulariser.target=3.0",
        "training.clip=1.0",
        "data.dt=1.0",
    ]
    assert len({one.hash(), *(load_config("fsdd", [o]).hash() for o in others)}) == 1 + len(others)


def test_the_two_windows_of_fsdd_differ_in_nothing_else() -> None:
    gaussian, exponential = load_config("fsdd"), load_config("fsdd-exponential")
    same = {"name": "", "loss": replace(gaussian.loss, window=Uniform())}
    assert gaussian.model_copy(update=same) == exponential.model_copy(update=same)
    assert exponential.loss.scale == gaussian.loss.scale
