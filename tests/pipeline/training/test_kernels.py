import io
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.console import Console
from pipeline.training import kernels

CHECK = """
import sys
from pathlib import Path
from numba.core.dispatcher import Dispatcher
from pipeline.config import load_config
from pipeline.data.datasets import load
from pipeline.evaluation.trained import load_trained
from pipeline.training.batches import on_grid
from pipeline.training.examples import split_training
from pipeline.training.kernels import compile_kernels
from pipeline.training.trainer import train

def compiled():
    modules = [m for name, m in sys.modules.items() if name.startswith(("models.", "pipeline."))]
    kernels = {id(f): f for m in modules for f in vars(m).values() if isinstance(f, Dispatcher)}
    return {(f.__name__, signature) for f in kernels.values() for signature in f.signatures}

config = load_config(Path(sys.argv[1]), ["training.epochs=1", *sys.argv[2:]])
compile_kernels(config)
before = compiled()
data = load("shd", Path(config.data.root)).train
parts = split_training(config, data)
trained = load_trained(train(config, parts.training, parts.validation))
trained.engine.record(on_grid(data.select([0]), config))
print(len(before), *sorted(str(kernel) for kernel in compiled() - before), sep="\\n")
"""


@pytest.mark.parametrize("overrides", [(), ("augmentation.blend=0", "network.time_constants=trained")])
def test_training_and_running_need_no_other_kernels(words_config: Path, overrides: tuple[str, ...]) -> None:
    command = [sys.executable, "-c", CHECK, str(words_config), *overrides]
    said = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, env=os.environ)
    assert said.returncode == 0, said.stderr
    before, *new = said.stdout.splitlines()
    assert int(before) > 5
    assert not new


def children_within(body: float, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many processes a second of compilation starts beside a body of some seconds."""
    monkeypatch.setattr(kernels, "compile_kernels", time.sleep)
    with kernels.compiled_meanwhile(1.0, Console(file=io.StringIO())):  # type: ignore[arg-type]
        time.sleep(body)
        children = len(multiprocessing.active_children())
    assert not multiprocessing.active_children()
    return children


def test_short_work_is_not_accompanied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "DELAY", 3600.0)
    assert children_within(0.0, monkeypatch) == 0


def test_compilation_runs_beside_long_work_and_is_over_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "DELAY", 0.0)
    assert children_within(0.2, monkeypatch) <= 1


def test_compilation_ends_with_the_work_that_it_accompanies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "DELAY", 0.0)
    monkeypatch.setattr(kernels, "_compile", time.sleep)
    deadline = time.monotonic() + 60

    def work() -> None:
        with kernels.compiled_meanwhile(3600.0, Console(file=io.StringIO())):  # type: ignore[arg-type]
            while not multiprocessing.active_children():
                assert time.monotonic() < deadline
            raise SystemExit(143)

    with pytest.raises(SystemExit):
        work()
    while multiprocessing.active_children():
        assert time.monotonic() < deadline


def test_what_cannot_be_compiled_is_left_to_the_training_that_reports_it(capfd: pytest.CaptureFixture[str]) -> None:
    kernels.compile_kernels(None)  # type: ignore[arg-type]
    assert capfd.readouterr() == ("", "")
