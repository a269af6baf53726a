"""Processes that begin at once, for tests that start many: forked from a server that has imported the project.

Like the spawned processes that the project itself starts, they inherit nothing from the test's process but its
environment and working directory.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest

SUPPORT = Path(__file__).parent
IMPORTED = ["sweep_writer", "sweeps.workers", "sweeps.runner"]
"""Modules that the server imports, with all that they import."""

if sys.platform == "win32":
    CONTEXT = multiprocessing.get_context("spawn")
else:

    class Process(multiprocessing.context.ForkServerProcess):
        """Takes the environment along, which the server knows only as it was when it began."""

        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.environment = dict(os.environ)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("PYTHONPATH", os.pathsep.join([str(SUPPORT.parents[1]), str(SUPPORT)]))
                forkserver.ensure_running()

        def run(self) -> None:
            os.environ.clear()
            os.environ.update(self.environment)
            super().run()

    class Context(multiprocessing.context.ForkServerContext):
        """Where such processes come from, as ``multiprocessing.get_context`` gives others."""

        Process = Process  # type: ignore[assignment]

    CONTEXT = Context()
    CONTEXT.set_forkserver_preload(IMPORTED)
