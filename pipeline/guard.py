"""How command lines end: with one sentence where something is wrong, and in order where a signal asks for it."""

from __future__ import annotations

import errno
import logging
import os

import typer

from models.errors import InputError
from pipeline.console import LogLines, err, print_anything
from pipeline.endings import Ended, ended_by_signals
from pipeline.training import processes


def guarded(application: typer.Typer) -> None:
    """Run a command line; bad input, a full disk and too little memory end it with one sentence and exit code 2."""
    # Pictures go to files. A notebook's shell names a backend without which Matplotlib can't even be imported.
    os.environ["MPLBACKEND"] = "agg"
    print_anything()
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[LogLines(err)])
    try:
        with ended_by_signals():
            application()
    except Ended as end:
        if not processes.is_started():  # Its starter says so.
            err.print(f"ended by {end.signal}: what was written is whole, and the same command goes on from there")
        raise
    except InputError as error:
        _refuse(str(error))
    except MemoryError as error:
        _refuse(f"the memory is too small for this: {error}; a smaller network or batch may fit")
    except UnicodeEncodeError as error:
        if error.encoding == "utf-8":
            raise
        _refuse(f"{error.object} can't name a file in this system's encoding {error.encoding}; set PYTHONUTF8=1")
    except OSError as error:
        what = f"{error.filename}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hope = "; what was written before is whole, and the same command goes on once there is room" if full else ""
        _refuse(f"{what}{error.strerror or error}{hope}")


def _refuse(sentence: str) -> None:
    err.print(f"error: {sentence}")
    raise SystemExit(2)
