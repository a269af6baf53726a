"""A sweep on a real Slurm, of which much goes wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import psutil
from slurm import needs_slurm, wait_for

from sweeps.space import load_space
from sweeps.sweep import Sweep

pytestmark = needs_slurm()


def running() -> list[str]:
    said = subprocess.run(["squeue", "-h", "-r", "-t", "R", "-o", "%i"], capture_output=True, text=True, check=True)
    return said.stdout.split()


def restart_slurmd() -> None:
    said = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, check=True).stdout
    settings = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in said.splitlines())}
    process = psutil.Process(int(Path(settings["SlurmdPidFile"]).read_text()))
    process.terminate()
    process.wait(20)
    subprocess.run([shutil.which("slurmd") or "/usr/sbin/slurmd", "-f", settings["SLURM_CONF"]], check=True)


def test_a_sweep_survives_what_happens_on_clusters(words_space: Path, tmp_path: Path) -> None:
    """A job is cancelled, a worker killed, jobs run out of time and are queued again, and slurmd starts anew."""
    # Its length is a time, not a number of points: jobs of a minute end before it does, however fast they train.
    # Slurm looks every 30 s and tells a job up to 30 s early, so after 20 s to 50 s of its minute, and begins a job
    # that is queued again only after two minutes; there are jobs enough for the time until then.
    words_space.write_text(
        words_space.read_text().replace("epochs=3", "epochs=100").replace("points = 6", "points = 0\nhours = 0.03")
    )
    space = load_space(words_space)
    sweep = Sweep.of(space)
    options = tmp_path / "cluster.toml"
    options.write_text("minutes = 1\nnotice = 10\nmemory = 0\njobs = 16\n")
    command = [sys.executable, "-m", "sweeps", "submit", str(words_space), "--cluster", "slurm"]
    subprocess.run([*command, "--options", str(options)], check=True, timeout=120)
    wait_for(lambda: len(sweep.state().finished) >= 1, 90, "nothing finishes")

    cancelled = running()[0]
    subprocess.run(["scancel", cancelled], check=True)

    def claims() -> dict[int, int]:
        return {p.number: int(p.worker.split(":")[1]) for p in sweep.state().points if p.status == "claimed"}

    wait_for(lambda: any(psutil.pid_exists(pid) for pid in claims().values()), 60, "no worker is alive")
    victim = next(pid for pid in claims().values() if psutil.pid_exists(pid))
    os.kill(victim, signal.SIGKILL)
    if os.geteuid() == 0:
        restart_slurmd()
    wait_for(sweep.is_over, 240, "the sweep does not end")

    finishes = Counter(event["point"] for event in sweep.store.events() if event["event"] == "finish")
    points = sweep.state().points
    assert len(points) > 4
    assert finishes == dict.fromkeys(range(len(points)), 1)
    assert all(point.status in ("done", "stopped") for point in points)
    workers = {event["worker"] for event in sweep.store.events() if event["event"] == "claim"}
    assert len(workers) > 2
    released = [event for event in sweep.store.events() if event["event"] == "release"]
    assert any(event.get("died") for event in released), "the killed worker's point came back"
    logs = "".join(path.read_text(errors="replace") for path in (sweep.folder / "jobs").glob("*log*"))
    assert "this job is timed-out" in logs, "no job ran out of time"
    assert "Requeued job" in logs
    assert any(not event.get("died") for event in released), "a job out of time gives its point back itself"
    subprocess.run(["scancel", "--state=PENDING"], check=True)


def test_the_printed_script_does_what_submit_does(words_space: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sweeps", "submit", str(words_space), "--print", "--jobs", "2", "--memory", "0"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    script = tmp_path / "sweep.sh"
    script.write_text(said.stdout)
    subprocess.run(["sbatch", str(script)], check=True)
    sweep = Sweep.of(load_space(words_space))
    wait_for(sweep.is_over, 120, "the jobs do not finish")
    finishes = Counter(event["point"] for event in sweep.store.events() if event["event"] == "finish")
    assert finishes == dict.fromkeys(range(6), 1)
    assert list((sweep.folder / "jobs").glob("*_*.log"))
