"""Paths that users name in configs, options and environment variables."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(path: Path | str) -> Path:
    """Return a path with ``~`` as the user's home, which no shell replaces in a config or in ``--root=~/words``."""
    return Path(os.path.expanduser(path))


def folder_from(variable: str, default: str) -> Path:
    """Return the folder that an environment variable names, or the default."""
    return expanded(os.environ.get(variable) or default)
