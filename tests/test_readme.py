"""The documents keep their promises: links, paths, commands, options, fields and targets that they name are there."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import typer
import yaml

from pipeline.config import CONFIG_FOLDER, Config, load_config, structure
from pipeline.data import espeak, voices
from pipeline.data.datasets import digits
from results.benchmarks.runner import cases

ROOT = Path(__file__).parents[1]
FOLDERS = ("models", "pipeline", "sweeps", "results")
"""The folders of the code, each with a README."""

DOCUMENTS = ["README.md", *(f"{folder}/README.md" for folder in FOLDERS), "CONTRIBUTING.md", "CHANGELOG.md"]
APPS = {"pipeline": "pipeline.cli", "sweeps": "sweeps.cli", "results": "results.__main__"}


def text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def headings(path: Path) -> set[str]:
    """Anchors of a file's headings, as GitHub makes them."""
    found = re.findall(r"(?m)^#+ (.+)$", re.sub(r"(?s)```.*?```", "", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def commands(document: str) -> Iterator[list[str]]:
    """The arguments of every ``python -m`` line of this project, in blocks and in running text."""
    shown = text(document).replace("\\\n", " ")
    blocks = "\n".join(re.findall(r"(?s)```\n(.*?)```", shown))
    inline = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", re.sub(r"(?s)```.*?```", "", shown))]
    for line in [*blocks.splitlines(), *inline]:
        found = re.match(r"(?:\S*python -m )((?:pipeline|sweeps|results) .*)", line)
        if found:
            yield shlex.split(re.sub(r"\[.*?\]", "", found[1]), comments=True)


def test_a_newcomer_reads_the_readme_in_two_minutes() -> None:
    assert len(text("README.md").splitlines()) <= 120


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_and_their_anchors_exist(document: str) -> None:
    here = ROOT / document
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text(document)):
        path, _, anchor = link.partition("#")
        target = here.parent / path if path else here
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_it_names_exist(document: str) -> None:
    for code in re.findall(r"`([^`\n]+)`", text(document)):
        generated = code.startswith("results/out") or "mine" in re.split(r"[/.]", code)
        if re.fullmatch(rf"(?:{'|'.join(FOLDERS)}|tests)/[\w./-]+", code) and not generated:
            assert (ROOT / code).exists(), code


@pytest.mark.parametrize("document", [document for document in DOCUMENTS if document != "CHANGELOG.md"])
def test_modules_it_names_can_be_imported(document: str) -> None:
    for code in re.findall(rf"`((?:{'|'.join(FOLDERS)})\.[\w.]+)", text(document)):
        parts = code.split(".")
        for length in range(len(parts), 0, -1):
            try:
                there: Any = import_module(".".join(parts[:length]))
            except ImportError:
                continue
            break
        for name in parts[length:]:
            there = getattr(there, name)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_and_options_it_shows_exist(document: str) -> None:
    for module, name, *arguments in commands(document):
        app: Any = typer.main.get_command(import_module(APPS[module]).app)
        assert name in app.commands, f"python -m {module} {name}"
        known = {option for parameter in app.commands[name].params for option in parameter.opts}
        for argument in arguments:
            assert not argument.startswith("--") or argument in known, f"python -m {module} {name} {argument}"
        if (module, name) == ("results", "bench"):
            assert {a for a in arguments if not a.startswith("-")} <= set(cases()), arguments


def test_trainings_have_a_config_and_fields_that_there_are() -> None:
    shown = [(c[2], c) for d in DOCUMENTS for c in commands(d) if c[:2] == ["pipeline", "train"]]
    shipped = [(name, c) for name, c in shown if (CONFIG_FOLDER / f"{name}.toml").is_file()]
    assert len(shipped) >= 5
    for name, arguments in shipped:
        load_config(name, [arguments[i + 1] for i, a in enumerate(arguments) if a == "--set"])


def test_every_shipped_config_and_space_is_described() -> None:
    for folder, document in (("pipeline/configs", "pipeline/README.md"), ("sweeps/spaces", "sweeps/README.md")):
        for path in (ROOT / folder).glob("*.toml"):
            assert re.search(rf"(?m)^\|.*`{path.stem}`.*\|.*\|", text(document)), path


def test_targets_it_names_are_the_makefiles() -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", text("Makefile")))
    named = {name for d in DOCUMENTS for name in re.findall(r"(?m)(?:^|`)make ([a-z][a-z-]+)", text(d))}
    assert len(named) > 10
    assert named <= targets


def fields(section: Any, prefix: str = "") -> Iterator[str]:
    """Dotted names of a config's fields, of all members of its choices."""
    for name, kind in structure.fields(section).items():
        yield prefix + name
        yield from fields(kind, f"{prefix}{name}.")


def test_fields_it_names_are_the_configs() -> None:
    # A run keeps the numbers of a window's file, not its name.
    known = {*fields(Config), "loss.window.file"}
    sections = "data|network|loss|augmentation|training"
    for document in DOCUMENTS:
        for name in re.findall(rf"`((?:{sections})\.[a-z_.]+)(?:\.KIND)?(?: = [^`]*)?`", text(document)):
            assert name in known or document == "CHANGELOG.md", name


def test_the_python_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With four of the twelve voices and two of the twenty words, and one epoch."""
    [code] = re.findall(r"(?s)```python\n(.*?)```", text("README.md"))
    assert len([line for line in code.splitlines() if line]) <= 10
    monkeypatch.chdir(tmp_path)
    for variable in ("SPOKEN_SPIKES_CACHE", "SPOKEN_SPIKES_RUNS"):
        monkeypatch.delenv(variable, raising=False)
    chosen = [voice for voice in digits.VOICES if voice.name in ("m1", "f4") or voice.held_out]
    monkeypatch.setattr(digits, "VOICES", chosen)
    monkeypatch.setattr(digits, "WORDS", digits.WORDS[:2])
    sound = voices.utter(voices.draw(chosen[0], digits.WORDS[0], 0, 0))
    soundfile.write(tmp_path / "my.wav", np.clip(sound, -1, 1), espeak.SAMPLE_RATE)
    short = code.replace('["data.utterances=1"]', '["data.utterances=1", "training.epochs=1"]')
    assert short != code
    names: dict[str, Any] = {}
    exec(compile(short, "README.md", "exec"), names)
    assert (names["run"].folder / "result.json").is_file()
    assert names["run"].folder.resolve().is_relative_to(tmp_path)


def test_citation_and_changelog_are_of_this_version() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    cited = yaml.safe_load(text("CITATION.cff"))
    assert cited["cff-version"] == "1.2.0"
    assert cited["version"] == project["version"]
    assert cited["license"] == project["license"] == "MIT"
    assert cited["authors"] == [{"name": "the Spoken Spikes authors"}]
    assert {reference["year"] for reference in cited["references"]} == {2021, 2025}
    assert f"## [{project['version']}] - {cited['date-released']}" in text("CHANGELOG.md")
    assert text("LICENSE").startswith("MIT License")
