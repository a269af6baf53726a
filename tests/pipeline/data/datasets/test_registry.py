"""The registry: its entries are complete, and a new data set is one module."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.data.datasets import DATASETS, base, command_line
from pipeline.data.datasets.registry import entry, names

ROOT = Path(base.__file__).parents[3]
TONES = '''
from pathlib import Path

import numpy as np

from pipeline.data.datasets.base import Dataset, Entry, register
from pipeline.data.packing import pack


def load(root=None, *, examples: int = 4, progress: bool = True):
    """Return bands of channels: low and high ones."""
    labels = np.arange(examples) % 2
    rows = [(np.linspace(1, 90, 60), np.arange(60) + 400 * label) for label in labels]
    part = pack(rows, labels, labels // 2, ("low", "high"), ("ann",), source="tones")
    return Dataset("tones", part, part)


register(Entry("tones", "Two tones", load, classes=2, options={"examples": "How many."}))
'''


def run(tmp_path: Path, code: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run Python code with the module `tones` on its path."""
    (tmp_path / "tones.py").write_text(TONES)
    paths = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]\n"
    command = [sys.executable, "-c", paths + code, *arguments]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", DATASETS)
def test_an_entry_describes_its_loader(name):
    found = entry(name)
    assert found.name == name
    assert found.summary
    assert "\n" not in found.summary
    assert found.folder or not found.needs_folder
    assert found.classes is None or found.classes >= 2
    for option in found.options:
        assert isinstance(found.defaults[option], int | float | str)
    assert found.defaults["progress"] is True


def test_options_of_one_name_are_of_one_type():
    types: dict[str, type] = {}
    for name in names():
        found = entry(name)
        for option in found.options:
            assert types.setdefault(option, type(found.defaults[option])) is type(found.defaults[option])
    assert [parameter.name for parameter in command_line.parameters()] == list(types)


def test_a_config_section_sets_the_options_that_it_has_fields_for():
    section = SimpleNamespace(dataset="digits", utterances=3, dt=1.0)
    assert entry("digits").options_from(section) == {"utterances": 3}
    assert entry("shd").options_from(section) == {}


def test_slow_libraries_are_imported_only_to_load(tmp_path):
    answer = run(tmp_path, "import pipeline.data.datasets; print(*sorted(sys.modules))")
    assert answer.returncode == 0, answer.stderr
    assert not {"tonic", "scipy.signal", "pandas", "pipeline.cochlea"} & set(answer.stdout.split())


def test_a_new_data_set_is_one_module_and_one_import(tmp_path):
    code = "import tones; from pipeline.cli import main; main()"
    shown = run(tmp_path, code, "data", "tones", "--examples", "6")
    assert shown.returncode == 0, shown.stderr
    assert "tones" in shown.stdout
    assert "low" in shown.stdout
    assert "6" in shown.stdout
    refused = run(tmp_path, code, "data", "tones", "--root", "here")
    assert refused.returncode == 2
    assert "tones takes no folder" in refused.stderr
    assert "tones: Two tones." in run(tmp_path, code, "data", "--help").stdout
    small = ("data.dataset=tones", "data.validation=none", "data.trial=100.0", "network.hidden=4", "training.epochs=1")
    trained = run(tmp_path, code, "train", "demo", *(part for override in small for part in ("--set", override)))
    assert trained.returncode == 0, trained.stderr
    assert 'dataset = "tones"' in (tmp_path / trained.stdout.strip() / "config.toml").read_text()
