import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def make(*words: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    # Nothing is ever installed: what `make` would do is asked for, or a target that stops first.
    return subprocess.run(["make", "--no-print-directory", *words], cwd=ROOT, capture_output=True, text=True)


def test_help_has_one_line_for_every_target_grouped_by_stage():
    recipes = re.findall(r"^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    groups = [group.splitlines() for group in make("help").stdout.split("\n\n")]
    assert [heading for heading, *_ in groups] == ["Data", "Training", "Experiments", "Results", "Project"]
    lines = [line for _, *lines in groups for line in lines]
    assert [line.split()[:2] for line in lines] == [["make", target] for target in recipes]
    assert all(len(line) < 118 for line in lines)


def test_every_target_is_made_whether_or_not_a_file_has_its_name():
    text = (ROOT / "Makefile").read_text()
    phony = " ".join(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)).split()
    assert phony == re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.MULTILINE)


def test_fuzz_draws_new_examples_for_as_long_as_asked(tmp_path):
    for name in ("made", "runtime", "dev"):
        (tmp_path / f"{name}.stamp").touch()
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\necho "$@" >> "$CALLS"\ntest $(wc -l < "$CALLS") -lt 3\n')
    python.chmod(0o755)
    calls = tmp_path / "calls"

    def fuzz(*words):
        calls.write_text("")
        return make("fuzz", f"VENV={tmp_path}", f"CALLS={calls}", *words), calls.read_text().splitlines()

    done, called = fuzz()
    assert done.returncode == 0
    assert len(called) == 1
    done, called = fuzz("MINUTES=60")
    assert done.returncode != 0, "a failure ends it"
    assert len(called) == 3
    assert len(set(called)) == 3
    for words, line in zip(called, done.stdout.splitlines(), strict=True):
        assert words.startswith("-m pytest -q -m hypothesis --hypothesis-profile=fuzz --hypothesis-seed=")
        assert line == f"seed {words.rpartition('=')[2]}"


@pytest.mark.parametrize("target", ["demo", "train", "crossval"])
def test_set_is_handed_on_field_by_field(target):
    shown = make("-n", target, 'SET=a.b=c data.validation_speakers=["x","y"]').stdout
    assert """--set 'a.b=c' --set 'data.validation_speakers=["x","y"]'""" in shown


@pytest.mark.parametrize("target", ["ablation", "sizes", "robustness", "study", "crossval", "sweep"])
def test_every_experiment_takes_workers_or_a_cluster(target):
    assert "--workers 3" in make("-n", target, "WORKERS=3").stdout
    shown = make("-n", target, "CLUSTER=slurm", "JOBS=16", "OPTIONS=site.toml", "WORKERS=3").stdout
    assert '--cluster slurm --jobs 16 --options "site.toml"' in shown
    assert "--workers" not in shown
    assert ("sweeps submit" if target == "sweep" else f"results {target}") in shown


@pytest.mark.parametrize("target", ["study", "sweep"])
def test_submit_is_the_experiment_on_slurm(target):
    on_slurm = make("-n", target, "CLUSTER=slurm", "JOBS=2", "SET=a.b=c").stdout
    assert make("-n", f"{target}-submit", "JOBS=2", "SET=a.b=c").stdout.splitlines()[-1] == on_slurm.splitlines()[-1]


def test_classify_takes_names_with_blanks_and_quotes_and_draws_on_demand():
    shown = make("-n", "classify", "AUDIO=my 'own word.wav").stdout.splitlines()[-1]
    assert shown.rstrip().endswith('"$RUN" "$AUDIO"')
    assert "--plot results/out/classify" in make("-n", "classify", "AUDIO=x.wav", "PLOT=1").stdout


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("classify", {"RUN": "-run", "AUDIO": "-x.wav"}),
        ("evaluate", {"RUN": "-run"}),
        ("train", {"CONFIG": "-c.toml"}),
        ("crossval", {"CONFIG": "-c.toml"}),
        ("sweep", {"SPACE": "-s.toml"}),
        ("sweep-status", {"SPACE": "-s.toml"}),
    ],
)
def test_names_may_begin_with_a_dash(target, names, tmp_path):
    (tmp_path / "requirements.txt").touch()
    for name in ("made", "runtime"):
        (tmp_path / f"{name}.stamp").touch()
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\nwhile test "$1" != --; do shift; done\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    (tmp_path / "-run").mkdir()
    (tmp_path / "-run" / "config.toml").touch()
    given = [f"{name}={value}" for name, value in names.items()]
    command = ["make", "--no-print-directory", "-f", ROOT / "Makefile", target, f"VENV={tmp_path}", "SET=a.b=c", *given]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["--", *names.values()], done


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
