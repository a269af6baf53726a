"""Search spaces: what they may say, and what their points are."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_spaces import space

from models.errors import InputError
from models.windows import Exponential
from sweeps.parameters import Categorical, Integer, Real
from sweeps.space import SPACE_FOLDER, load_space, parse_space

WINDOWS: dict[str, Any] = {
    "loss.window.shape": {"kind": "categorical", "values": ["gaussian", "exponential"]},
    "loss.window.mu": {"kind": "real", "low": 0.0, "high": 1.0, "when": {"loss.window.shape": ["gaussian"]}},
}


@pytest.mark.parametrize("name", [path.stem for path in SPACE_FOLDER.glob("*.toml")])
def test_the_shipped_spaces_fit_their_configs(name: str) -> None:
    load_space(name).check()


def test_the_theses_spaces_are_there() -> None:
    assert {"thesis", "window", "sizes"} <= {path.stem for path in SPACE_FOLDER.glob("*.toml")}
    sizes = list(load_space("sizes").all_points())
    assert {(p["network.hidden"], p["network.recurrent"]) for p in sizes} == {
        (n, r) for n in (64, 128, 256, 512, 1024) for r in (False, True)
    }


@given(st.floats(0, 1))
def test_values_stay_in_their_bounds(u: float) -> None:
    assert 1e-4 <= Real(kind="real", low=1e-4, high=0.1, scale="log").at(u) <= 0.1
    assert -2 <= Real(kind="real", low=-2, high=3).at(u) <= 3
    assert 0.07 <= Real(kind="real", low=0.07, high=0.816).at(u) <= 0.816
    assert Real(kind="real", low=0.07, high=0.816).at(1.0) == 0.816  # 0.07 + (0.816 - 0.07) is more
    for scale in ("linear", "log"):
        assert Integer(kind="integer", low=2, high=9, scale=scale).at(u) in range(2, 10)  # type: ignore[arg-type]
    assert Categorical(kind="categorical", values=("a", 2, True)).at(u) in ("a", 2, True)


def test_equal_parts_are_equally_likely() -> None:
    places = (np.arange(12000) + 0.5) / 12000
    integers = Counter(Integer(kind="integer", low=1, high=4).at(u) for u in places)
    assert set(integers.values()) == {3000}
    logarithms = [Real(kind="real", low=1e-4, high=1.0, scale="log").at(u) for u in places]
    assert np.histogram(np.log10(logarithms), bins=4)[0].tolist() == [3000] * 4


def test_a_parameter_that_does_not_count_is_left_out_and_reaches_no_config() -> None:
    made = space(WINDOWS, config="fsdd")
    assert made.at([0.1, 0.5]) == {"loss.window.shape": "gaussian", "loss.window.mu": 0.5}
    assert made.at([0.9, 0.5]) == {"loss.window.shape": "exponential"}
    window = made.settings(made.at([0.9, 0.5]), 1).window
    assert window == Exponential()
    assert made.settings(made.at([0.1, 0.5]), 7).seed == 7


def test_a_grid_has_every_point_once() -> None:
    made = space(WINDOWS, config="fsdd")
    points = list(made.all_points())
    assert len(points) == 5 + 1
    assert {"loss.window.shape": "exponential"} in points


def test_a_grid_of_many_points_begins_at_once() -> None:
    thesis = load_space("thesis")
    assert math.prod(len(parameter.grid()) for parameter in thesis.parameters.values()) > 100_000
    assert next(iter(thesis.all_points())) == thesis.complete({n: p.grid()[0] for n, p in thesis.parameters.items()})


@pytest.mark.parametrize("field", [{"kind": "integer", "low": 1}, {"kind": "real", "low": 0.0, "high": 1.0}])
def test_a_parameter_of_more_values_than_memory_holds_is_refused(field: dict[str, Any]) -> None:
    many = {"high": 10**12} if field["kind"] == "integer" else {"steps": 10**12}
    with pytest.raises(InputError, match=rf"{next(iter(many))} is {10**12}; input should be less than or equal to"):
        space({"training.epochs": field | many})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"budget": {"points": 0}}, "needs an end"),
        ({"name": "a/b"}, "name"),
        ({"search": {"strategy": "luck"}}, "search.strategy"),
        ({"parameters": {}}, "parameters"),
        ({"parameters": {"a": {"kind": "real", "low": 2.0, "high": 1.0}}}, "goes from 2.0 to 1.0"),
        ({"parameters": {"a": {"kind": "real", "low": 0.0, "high": 1.0, "scale": "log"}}}, "log"),
        ({"parameters": {"a": {"kind": "gauss"}}}, "kind"),
        ({"parameters": {"a": {"kind": "categorical", "values": ["x", "y", "x"]}}}, "the value 'x' twice"),
        ({"parameters": {"a": {"kind": "categorical", "values": [True, 1]}}}, "the value 1 twice .true is 1"),
        (
            {"parameters": {"a": {"kind": "integer", "low": 1, "high": 2, "when": {"b": [1]}}}},
            "a counts only with some b",
        ),
        ({"objective": {"kind": "test"}}, "objective.kind"),
        ({"surprise": 1}, "surprise"),
        ({"budget": {"hour": 1}}, "unknown field budget.hour; the nearest right name is budget.hours"),
        (
            {"parameters": {"network.hidden": {"kind": "integer", "low": 1, "high": 2, "lwo": 1}}},
            "unknown field parameters.network.hidden.lwo; the nearest right name is parameters.network.hidden.low",
        ),
    ],
)
def test_a_wrong_space_is_refused_by_name(change: dict[str, Any], words: str) -> None:
    fields = space().model_dump(mode="json") | change
    with pytest.raises(InputError, match=words):
        parse_space(fields, "made.toml")


def test_a_field_that_the_config_does_not_have_is_named(tmp_path: Path) -> None:
    made = space({"network.tau_men": {"kind": "real", "low": 1.0, "high": 2.0}})
    with pytest.raises(InputError, match=r"network\.tau_men.*network\.tau_mem"):
        made.check()
    with pytest.raises(InputError, match="greater than 0"):
        space({"network.tau_mem": {"kind": "real", "low": -1.0, "high": 2.0}}).check()
    shapes = {"kind": "categorical", "values": ["uniform", "bell", "exponential"]}
    with pytest.raises(InputError, match=r"loss\.window\.shape = 'bell'"):
        space({"loss.window.shape": shapes}, config="fsdd").check()
    shapes = {"kind": "categorical", "values": ["uniform", "gaussian", "exponential"]}
    widths = {"kind": "real", "low": 0.1, "high": 0.3}
    with pytest.raises(InputError, match=r"loss\.window\.sigma = 0\.2.*uniform has no sigma"):
        space({"loss.window.shape": shapes, "loss.window.sigma": widths}, config="fsdd").check()
    widths["when"] = {"loss.window.shape": ["gaussian"]}
    centre = widths | {"high": 0.4}
    space({"loss.window.shape": shapes, "loss.window.mu": centre, "loss.window.sigma": widths}, config="fsdd").check()
    with pytest.raises(InputError, match=r'validation, but data\.validation is "none"'):
        space(config="fsdd").model_copy(update={"overrides": ("data.validation=none",)}).check()
    with pytest.raises(InputError, match="there is no space"):
        load_space("nowhere")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = ")
    with pytest.raises(InputError, match="not valid TOML"):
        load_space(broken)
