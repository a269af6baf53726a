"""A run's folder: what it holds and how it is written."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import InputError
from pipeline.config import Config, config_hash, load_config
from pipeline.data.atomic import write_atomically
from pipeline.data.container import SpikeData
from pipeline.paths import folder_from
from pipeline.training.checkpoint import Checkpoint, Damaged, read_checkpoint

_log = logging.getLogger(__name__)

RUNS_VARIABLE = "SPOKEN_SPIKES_RUNS"
"""The environment variable that names another folder than ``runs`` for the runs."""


@dataclass(frozen=True)
class Run:
    """A folder ``runs/<name>/<hash>-s<seed>``."""

    folder: Path

    @classmethod
    def of(cls, config: Config) -> Run:
        """Return the run of a config whose engine is chosen; its folder need not exist yet.

        A run that an earlier version of the project began keeps its folder.
        """
        return cls.within(cls.root(config), config)

    @staticmethod
    def root(config: Config) -> Path:
        """Return the folder of all runs of a config's name."""
        return runs_folder() / config.name

    @classmethod
    def within(cls, folder: Path, config: Config) -> Run:
        """Return the run of a config below a folder; see `of`."""
        run = cls(folder / f"{config.hash()}-s{config.seed}")
        return run if run.folder.exists() else cls(_earlier(folder, config) or run.folder)

    @classmethod
    def at(cls, folder: Path | str) -> Run:
        """Return the run that a folder holds; refuse a folder that holds none."""
        run = cls(Path(folder))
        if not run.config_path.is_file():
            raise InputError(f"{folder} is not a run's folder: it has no config.toml")
        return run

    @property
    def config_path(self) -> Path:
        """The resolved config."""
        return self.folder / "config.toml"

    def config(self) -> Config:
        """Read the run's config; refuse one that the folder is not named after."""
        config = load_config(self.config_path)
        wanted = f"{config_hash(self.config_path.read_text(encoding='utf-8-sig'))}-s{config.seed}"
        if self.folder.resolve().name != wanted:
            raise InputError(
                f"{self.folder} holds the config of another run: its config.toml belongs in a folder named {wanted}"
            )
        return config

    def begin(self, config: Config) -> None:
        """Make the folder; refuse one that holds another config."""
        if self.config_path.exists():
            if load_config(self.config_path) != config:
                raise InputError(f"{self.folder} holds the run of another config; move it away to train this one")
        else:
            self.write_text("env.json", json.dumps(environment(), indent=2) + "\n")
            self.write_text("config.toml", config.toml())

    def write(self, name: str, content: bytes | memoryview) -> None:
        """Write a file of the folder atomically."""
        write_atomically(self.folder / name, [content])

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the folder atomically, unless it holds this text already."""
        path, content = self.folder / name, text.encode()
        if not path.is_file() or path.read_bytes() != content:
            self.write(name, content)

    def append_log(self, line: str) -> None:
        """Add a line to the run's log; one that can't be written is a warning."""
        path = self.folder / "log"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
                log.write(line + "\n")
        except OSError as error:
            _log.warning("%s can't be written (%s); it lacks: %s", path, error.strerror, line)

    def save(self, name: str, checkpoint: Checkpoint) -> None:
        """Write a checkpoint (``last`` or ``best``) atomically."""
        buffer = io.BytesIO()
        text = json.dumps(checkpoint.progress, sort_keys=True).encode()
        arrays: dict[str, Any] = {**checkpoint.state, "progress": np.frombuffer(text, dtype=np.uint8)}
        np.savez(buffer, **arrays)
        self.write(f"{name}.npz", buffer.getbuffer())

    def load(self, name: str) -> Checkpoint | None:
        """Read a checkpoint (``last`` or ``best``), or return None where there is none; refuse a damaged one."""
        path = self.folder / f"{name}.npz"
        if not path.exists():
            return None
        try:
            return read_checkpoint(path, name)
        except Damaged as error:
            raise InputError(f"{path} is damaged ({error}); remove {self.folder} to begin the run anew") from None


def _earlier(folder: Path, config: Config) -> Path | None:
    """Return the folder of the run that an earlier version of the project began with a config, or None."""
    for path in sorted(folder.glob(f"*-s{config.seed}")):
        if _migrated(path / "config.toml") == config:
            return path
    return None


@lru_cache(maxsize=4096)
def _migrated(path: Path) -> Config | None:
    """Return a run's config, which never changes once it is written, if it is of an earlier version; else None."""
    try:
        text = path.read_text(encoding="utf-8")
        return None if text.startswith("version = ") else load_config(path)
    except (OSError, InputError):
        return None


def runs_folder() -> Path:
    """Return the folder of all runs: that in the environment, or ``runs`` in the working directory."""
    return folder_from(RUNS_VARIABLE, "runs")


def fingerprint(*parts: SpikeData) -> str:
    """Return a hash of some examples: a run continues only on the data that it began with."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        for array in (part.times, part.units, part.offsets, part.labels, part.speakers):
            digest.update(np.ascontiguousarray(array).data)
        digest.update("\0".join(part.classes).encode())
    return digest.hexdigest()


def commit() -> str:
    """Return the commit of the project's checkout, "-dirty" behind it where files differ, or "unknown"."""
    command, folder = ["git", "describe", "--always", "--dirty", "--abbrev=40"], Path(__file__).parents[2]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def environment() -> Mapping[str, Any]:
    """Return what the numbers may depend on: versions, commit, machine."""
    packages = ["numpy", "numba", "llvmlite", "scipy", "pandas", "scikit-learn", "h5py", "tonic"]
    packages += [name for name in ("pygenn", "ml_genn") if importlib.util.find_spec(name)]
    return {
        "commit": commit(),
        "python": sys.version.split()[0],
        "packages": {name: metadata.version(name) for name in packages},
        "machine": platform.machine(),
        "system": platform.system(),
        "cores": os.cpu_count(),
    }
