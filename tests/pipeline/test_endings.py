"""Processes end in order when a signal asks for it, and never outlive the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from pipeline.training import processes

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")


@contextmanager
def script(text: str, *arguments: object, **how: object) -> Iterator[subprocess.Popen[str]]:
    """Run a script of Python and wait until it has printed a line."""
    command = [sys.executable, "-c", text, *map(str, arguments)]
    options = {"cwd": ROOT, "stdout": subprocess.PIPE, "text": True} | how
    with subprocess.Popen(command, **options) as running:  # type: ignore[call-overload]
        try:
            yield running
        finally:
            running.kill()


IN_ORDER = """
import sys, time
from pipeline import endings
with endings.ended_by_signals():
    try:
        print("begun", flush=True)
        time.sleep(60)
    finally:
        print("in order", flush=True)
        open(sys.argv[1], "w").close()
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_process_in_order(tmp_path: Path, how: signal.Signals) -> None:
    with script(IN_ORDER, tmp_path / "in order") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "begun\n"
        running.send_signal(how)
        assert running.wait(30) == 128 + how
    assert (tmp_path / "in order").exists()


def test_a_closed_terminal_ends_a_process_in_order(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    with script(IN_ORDER, tmp_path / "in order", stdout=theirs, stderr=theirs, start_new_session=True) as running:
        os.close(theirs)
        assert os.read(ours, 5) == b"begun"
        os.close(ours)
        running.send_signal(signal.SIGHUP)
        assert running.wait(30) == 128 + signal.SIGHUP
    assert (tmp_path / "in order").exists()


def test_a_signal_that_is_ignored_stays_so() -> None:
    text = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + IN_ORDER.replace("60", "1")
    with script(text, os.devnull) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(signal.SIGHUP)
        assert running.wait(30) == 0


def test_an_ending_that_is_lost_comes_after_all() -> None:
    text = """
import ctypes, time
from pipeline import endings
endings.GRACE = 0.2
with endings.ended_by_signals():
    print("begun", flush=True)
    while True:
        ctypes.CFUNCTYPE(None)(lambda: time.sleep(60))()
"""
    with script(text, stderr=subprocess.DEVNULL) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 128 + signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread waits for the interpreter's lock")
def test_a_child_that_holds_the_interpreters_lock_does_not_outlive_its_parent(tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text("""
import ctypes, multiprocessing, os, sys
from pipeline.endings import end_with_parent

def child():
    end_with_parent()
    print(os.getpid(), flush=True)
    ctypes.PyDLL(None).sleep(60)  # Keeps the lock.

if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=child)
    process.start()
    process.join()
""")
    how = {"stdout": subprocess.PIPE, "text": True, "env": os.environ | {"PYTHONPATH": str(ROOT)}}
    with subprocess.Popen([sys.executable, str(tmp_path / "busy.py")], **how) as running:  # type: ignore[call-overload]
        child = psutil.Process(int(running.stdout.readline()))
        time.sleep(0.2)
        running.kill()
        child.wait(10)


MPIRUN = """#!/bin/sh
echo $$ > started
exec sleep 60
"""


def test_mpirun_ends_with_the_command_that_started_it(tmp_path: Path) -> None:
    launcher = tmp_path / "mpirun"
    launcher.write_text(MPIRUN)
    launcher.chmod(0o755)
    (tmp_path / "mpi4py.py").touch()
    text = f"""
import shutil, sys
shutil.which = lambda *named, **how: {str(launcher)!r}
sys.path.append({str(tmp_path)!r})
from pipeline.config import load_config
from pipeline.endings import ended_by_signals
from pipeline.training import processes
with ended_by_signals():
    processes.start([], 2, load_config("demo", ["engine=genn"]))
"""
    with script(text, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}) as running:
        deadline = time.monotonic() + 60
        while not (tmp_path / "started").exists() or not (tmp_path / "started").read_text():
            assert running.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        started = psutil.Process(int((tmp_path / "started").read_text()))
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 128 + signal.SIGTERM
    assert not started.is_running()


def test_a_process_that_mpirun_has_started_ends_with_the_command() -> None:
    starter = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    text = f"""
import time
from pipeline.endings import end_with
end_with({starter.pid})
print("begun", flush=True)
time.sleep(60)
"""
    with script(text) as running:
        assert running.stdout is not None
        running.stdout.readline()
        starter.kill()
        starter.wait()
        assert running.wait(30) == 1
    assert processes.STARTER_VARIABLE not in os.environ
