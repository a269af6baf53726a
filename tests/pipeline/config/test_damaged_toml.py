"""Configs and overrides with anything in them: each is read, or refused with one sentence."""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import Any

import profiles
import pytest
import tomli_w
from damage import damaged, refusal
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InputError
from pipeline.config import CONFIG_FOLDER, load_config
from pipeline.config.toml import DEEPEST, read_toml
from pipeline.training.problem import make_problem

TEXTS = [path.read_bytes() for path in sorted(CONFIG_FOLDER.glob("*.toml"))]
HUGE = "1" * 5000
DEEP = "[" * 3000

FIELDS = st.sampled_from(
    [
        *("version", "name", "engine", "seed", "data", "network", "loss", "training", "augmentation"),
        *(
            "data.trial",
            "data.dt",
            "data.validation",
            "data.validation_speakers",
            "network.hidden",
            "network.recurrent",
        ),
        *("network.initial", "network.initial.input", "network.initial.input.kind", "network.delay_line.copies"),
        *("loss.kind", "loss.window", "loss.window.shape", "loss.window.file", "loss.window.values", "loss.scale"),
        *("training.epochs", "training.regulariser.strength", "training.ease_in", "genn.backend", "genn", "a.b"),
    ]
)
VALUES = st.sampled_from(
    [
        *("", "0", "-1", "1e308", "5e-324", "nan", "inf", "true", "[]", "{}", "[[1]]", "{a = 1}", "1979-05-27", "x y"),
        *(
            '"tabulated"',
            '"gaussian"',
            '"\\u0000"',
            '"a\\nb"',
            "9223372036854775808",
            HUGE,
            f"0b{HUGE}",
            DEEP,
            "{a=" * 3000,
        ),
    ]
)


def check(path: Path, overrides: list[str], wanted: tuple[str, ...]) -> None:
    """Read a config; what is read can be written and read again, and its network is made or refused."""
    if message := refusal(lambda: load_config(path, overrides)):
        assert any(part in message for part in (str(path), *wanted))
        assert len(message) < 1000
        return
    config = load_config(path, overrides)
    path.write_text(config.toml(), encoding="utf-8")
    assert load_config(path) == config
    assert "\n" not in refusal(lambda: make_problem(config, 10, 3))


@given(content=damaged(TEXTS))
@profiles.examples(100)
def test_a_damaged_config_is_read_or_refused(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.toml"
    path.write_bytes(content)
    check(path, [], ("loss.window", "version is"))


@given(overrides=st.lists(st.tuples(FIELDS, VALUES).map("=".join), min_size=1, max_size=3))
@profiles.examples(100)
def test_any_override_is_taken_or_refused(overrides: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "whole.toml"
    path.write_bytes(TEXTS[0])
    check(path, overrides, ("--set", "loss.window", "version is"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (f"a = {HUGE}", "too long a number"),
        (f"a = {DEEP}", f"more than {DEEPEST} levels"),
        (f"{'a.' * 3000}a = 1", f"more than {DEEPEST} levels"),
        ("a = ", "not valid TOML"),
        ("a = '\udcff'", "not valid TOML"),
    ],
)
def test_what_toml_can_not_be_read_from_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=sentence) as error:
        read_toml(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("override", [f"seed={HUGE}", f"data.dt=0b{HUGE}", f"network.hidden={DEEP}"])
def test_a_value_too_long_for_a_sentence_is_cut(override: str) -> None:
    name, _, value = override.partition("=")
    for overrides in ([override], [f"{name.split('.')[0]}=", f"{name}.x={value}"], [name + value]):
        with pytest.raises(InputError) as error:
            load_config("demo", overrides)
        assert name.split(".")[0] in str(error.value)
        assert len(str(error.value)) < 500


def test_a_field_below_too_many_sections_is_refused() -> None:
    with pytest.raises(InputError, match=f"--set a.a.*more than {DEEPEST} levels"):
        load_config("demo", [f"{'a.' * 3000}a=1"])


@pytest.mark.parametrize("file", [5, True, 1.5, ["1", "2"], {"a": 1}])
def test_a_window_s_file_that_is_no_name_is_refused(file: Any, tmp_path: Path) -> None:
    table = tomli_w.dumps({"loss": {"window": {"shape": "tabulated", "file": file}}})
    path = tmp_path / "a.toml"
    path.write_text(f'name = "a"\ndata.dataset = "digits"\n{table}')
    with pytest.raises(InputError, match=r"loss\.window\.file is .*; it must be the name of a file") as error:
        load_config(path)
    assert "\n" not in str(error.value)


def test_a_window_s_file_is_read_as_text_only(tmp_path: Path) -> None:
    file = tmp_path / "window.xz"
    for content in (b"1\n2\n", lzma.compress(b"1\n2\n"), lzma.compress(b"1\n2\n")[:20], b"\xff\xfe1\0"):
        file.write_bytes(content)
        overrides = ["loss.window.shape=tabulated", f"loss.window.file={file}"]
        if content == b"1\n2\n":
            assert load_config("demo", overrides).window.values == (1.0, 2.0)
        else:
            with pytest.raises(InputError, match=r"loss\.window\.file .*window\.xz is not a file of one number a line"):
                load_config("demo", overrides)


def test_steps_beyond_counting_are_refused() -> None:
    with pytest.raises(InputError, match=r"data\.trial"):
        make_problem(load_config("demo", ["data.dt=5e-324"]), 10, 3)
