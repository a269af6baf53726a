"""The quick suite is the same run everywhere: nothing is drawn that a seed does not fix."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import profiles
from hypothesis import given, settings
from hypothesis import strategies as st

TESTS = Path(__file__).parent
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(TESTS.rglob("*.py"))}
Node = TypeVar("Node", bound=ast.AST)


def nodes(kind: type[Node]) -> Iterator[tuple[str, Node]]:
    """The nodes of a kind in all test files, each with where it is."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield f"{path.relative_to(TESTS)}, line {getattr(node, 'lineno', 0)}", node


def test_nothing_is_drawn_without_a_seed() -> None:
    for where, call in nodes(ast.Call):
        name = ast.unparse(call.func)
        module, _, function = name.rpartition(".")
        if function in ("Random", "default_rng", "SeedSequence"):
            assert call.args, f"{where}: {name} has no seed"
        elif module in ("np.random", "numpy.random"):
            # lauscher draws from NumPy's global generator, which its test seeds and puts back.
            assert function in ("seed", "get_state", "set_state"), f"{where}: {name}"
        else:
            assert module != "random", f"{where}: {name} draws from the global generator"


def test_property_tests_take_their_settings_from_the_profile() -> None:
    for where, node in nodes(ast.ImportFrom):
        if node.module == "hypothesis" and not where.startswith(("support/profiles.py", Path(__file__).name)):
            assert "settings" not in [alias.name for alias in node.names], f"{where}: profiles.examples scales"


def test_two_runs_of_a_property_draw_the_same_examples_unless_they_are_to_be_new() -> None:
    drawn: list[float] = []

    @given(st.floats(0, 1))
    @profiles.examples(30)
    def every(value: float) -> None:
        drawn.append(value)

    every()
    first, drawn = drawn, []
    every()
    assert (drawn == first) == settings.default.derandomize


def test_a_tests_own_number_of_examples_scales_with_the_profile() -> None:
    factor = settings.default.max_examples / profiles.EXAMPLES
    assert factor in (1, profiles.FACTOR)
    assert profiles.examples(40).max_examples == 40 * factor
    assert settings.get_profile("fuzz").max_examples == profiles.FACTOR * settings.get_profile("quick").max_examples
    for name in ("quick", "fuzz"):
        assert settings.get_profile(name).database is None
        assert settings.get_profile(name).deadline is None
    assert settings.get_profile("quick").derandomize
    assert not settings.get_profile("fuzz").derandomize
