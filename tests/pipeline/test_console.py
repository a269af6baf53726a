"""Names are printed as they are, by every command: nothing in them is taken for markup, and no path is cut."""

from __future__ import annotations

import ast
import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pipeline.console import Console, LogLines, Table, TextColumn
from pipeline.data import hdf5
from pipeline.data.packing import pack
from results.__main__ import main as results_main
from sweeps.cli import main as sweeps_main

ROOT = Path(__file__).parents[2]
ODD = "[red]no[/red]", ":smile:", "[old]", "[/]"
"""Words and speakers that rich would take for markup or an emoji code."""

Command = Callable[..., Any]


def uses(tree: ast.AST) -> Iterator[str]:
    """Yield what of rich a module names that parses markup unless told not to."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "rich":
            yield from (
                {alias.name for alias in node.names} & {"Console", "Table", "TextColumn", "RichHandler", "print"}
            )
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.partition(".")[0] == "rich")
        elif isinstance(node, ast.Attribute) and node.attr in ("TextColumn", "from_markup", "from_ansi"):
            yield node.attr


def test_one_module_alone_makes_consoles_and_tables() -> None:
    found = {}
    for path in (
        path for package in ("models", "pipeline", "sweeps", "results") for path in (ROOT / package).rglob("*.py")
    ):
        if used := set(uses(ast.parse(path.read_text(encoding="utf-8")))):
            found[path.relative_to(ROOT).as_posix()] = used
    assert set(found) == {"pipeline/console.py"}, found


def printed(*what: Any, width: int = 40) -> str:
    console = Console(file=io.StringIO(), width=width)
    for each in what:
        console.print(each)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_lines_keep_brackets_codes_and_their_length() -> None:
    line = f"/runs/r[old]s/:smile:/{'long/' * 30}end [/]"
    assert printed(line) == line + "\n"


def test_tables_keep_names_and_fold_what_is_too_long() -> None:
    table = Table(ODD[0], title=ODD[1], caption=ODD[2])
    table.add_row(ODD[3] + "x" * 100)
    shown = printed(table)
    assert all(name in shown for name in ODD)
    assert shown.count("x") == 100


@pytest.mark.parametrize("name", ODD)
def test_progress_and_log_keep_names(name: str) -> None:
    from rich.progress import Progress

    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with Progress(TextColumn("{task.description}"), console=console) as bar:
        bar.add_task(f"<{name}>")
    logger = logging.Logger("made")
    logger.addHandler(LogLines(console))
    logger.warning("%s is left out %s", name, "x" * 100)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"<{name}>" in said
    assert f"warning: {name} is left out {'x' * 100}\n" in said


@pytest.fixture
def odd_config(words_config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config for words and speakers of odd names, in folders of odd names."""
    root = tmp_path / "w[or]ds"
    rng = np.random.default_rng(0)
    for part, examples in (("train", 60), ("test", 12)):
        labels = np.arange(examples) % 4
        rows = [
            (np.sort(rng.uniform(5, 90, 100)).astype("f4"), (170 * k + rng.integers(0, 90, 100)).astype("u2"))
            for k in labels
        ]
        hdf5.write(root / f"shd_{part}.h5", pack(rows, labels, np.arange(examples) // 4 % 3, ODD, ODD, source="made"))
    monkeypatch.setenv("SPOKEN_SPIKES_RUNS", str(tmp_path / "r[old]s"))
    path = tmp_path / "c[on]fig.toml"
    text = words_config.read_text().replace("epochs = 6", "epochs = 1")
    path.write_text("\n".join(f'root = "{root}"' if line.startswith("root") else line for line in text.splitlines()))
    return path


def test_every_command_prints_names_as_they_are(
    odd_config: Path, tmp_path: Path, in_process: Callable[..., Command], pipeline: Command
) -> None:
    def shown(answer: Any, *names: str) -> str:
        assert answer.code == 0, answer
        assert all(name in answer.out for name in names), answer.out
        return str(answer.out)

    shown(pipeline("data", "shd", "--root", tmp_path / "w[or]ds"), *ODD)
    run = Path(shown(pipeline("train", odd_config)).strip())
    assert run.is_relative_to(tmp_path / "r[old]s")
    assert run.is_dir()
    shown(pipeline("evaluate", run, "--split", "test"), *ODD[:3])
    recording = tmp_path / "my[take] :smile:.wav"
    soundfile.write(recording, 0.3 * np.sin(np.arange(1600)), 16000)
    answer = pipeline("classify", run, recording, "--plot", tmp_path / "p[ic]s")
    shown(answer, f"{recording}: ", *ODD)
    assert f"picture: {tmp_path / 'p[ic]s' / 'my[take] :smile:.png'}\n" in answer.err
    assert pipeline("evaluate", tmp_path / "n[on]e").sentence.startswith(f"{tmp_path / 'n[on]e'} is not a run's folder")
    results = in_process("results", results_main)
    shown(results("crossval", odd_config, "--workers", 1), *ODD[:3], str(run.parent))
    space = tmp_path / "sp[ac]e.toml"
    space.write_text(f"""
        name = "odd"
        config = "{odd_config}"
        [search]
        strategy = "random"
        [budget]
        points = 1
        [parameters."network.hidden"]
        kind = "categorical"
        values = [8, 12]
    """)
    sweeps = in_process("sweeps", sweeps_main)
    folder = Path(shown(sweeps("run", space, "--workers", 1)).splitlines()[-1])
    assert folder.is_relative_to(tmp_path / "r[old]s")
    shown(sweeps("best", folder), f"{folder}/best.toml\n")
