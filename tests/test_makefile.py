import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def make(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    # Nothing is ever installed: what `make` would do is asked for, or a target that stops first.
    return subprocess.run(["make", "--no-print-directory", *words], cwd=ROOT, capture_output=True, text=True)


def test_help_has_one_line_for_every_target():
    declared = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert declared is not None
    lines = make("help").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["make", target] for target in declared[1].split()]
    assert all(len(line) < 118 for line in lines)


@pytest.mark.parametrize("target", ["demo", "train", "crossval"])
def test_set_is_handed_on_field_by_field(target):
    shown = make("-n", target, 'SET=a.b=c data.validation_speakers=["x","y"]').stdout
    assert """--set 'a.b=c' --set 'data.validation_speakers=["x","y"]'""" in shown


def test_classify_takes_names_with_blanks_and_quotes_and_draws_on_demand():
    shown = make("-n", "classify", "AUDIO=my 'own word.wav").stdout.splitlines()[-1]
    assert shown.rstrip().endswith('-m pipeline classify "$RUN" "$AUDIO"')
    assert "--plot results/out/classify" in make("-n", "classify", "AUDIO=x.wav", "PLOT=1").stdout


@pytest.mark.parametrize(("target", "missing"), [("classify", "AUDIO"), ("data", "DATASET")])
def test_what_a_target_lacks_is_said_in_one_sentence(target, missing, tmp_path):
    stamps = [f"VENV={tmp_path}"]
    for name in ("made", "runtime"):
        (tmp_path / f"{name}.stamp").touch()
    done = make(target, *stamps)
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith(
        f"make {target} needs {missing}, for example: make {target} {missing}="
    )


def test_classify_without_a_network_says_how_to_get_one(tmp_path):
    for name in ("made", "runtime"):
        (tmp_path / f"{name}.stamp").touch()
    done = make("classify", "AUDIO=x.wav", f"VENV={tmp_path}", f"RUN={tmp_path}/none")
    assert done.stderr.splitlines()[0] == f"there is no trained network in {tmp_path}/none; make demo trains one"


def test_an_old_python_is_refused_in_one_sentence(tmp_path):
    old = tmp_path / "python3.8"
    old.write_text('#!/bin/sh\ntest "$1" = --version && { echo Python 3.8.1; exit; }\nexit 1\n')
    old.chmod(0o755)
    done = make("setup", f"PYTHON={old}", f"VENV={tmp_path}/venv")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith(f"Python 3.11 or newer is needed, {old} is Python 3.8.1")
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(("file", "extra"), [("requirements.txt", None), ("requirements-dev.txt", "dev")])
def test_all_that_is_asked_for_is_pinned_at_a_version_that_will_do(file, extra):
    requirements = pytest.importorskip("packaging.requirements")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["optional-dependencies"][extra] if extra else project["dependencies"]
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / file).read_text(), re.MULTILINE))
    pins = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    for line in asked:
        wanted = requirements.Requirement(line)
        assert wanted.specifier.contains(pins[wanted.name.lower().replace("_", "-")]), line
