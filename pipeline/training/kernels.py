"""An engine's kernels, compiled while something else is done."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections.abc import Iterator

import numpy as np

from pipeline.config import Config
from pipeline.console import Console
from pipeline.data.packing import pack
from pipeline.endings import end_with_parent
from pipeline.training.batches import prediction_batches, training_batches
from pipeline.training.placement import make_engine

DELAY = 1.0
"""Seconds of other work before compilation begins beside it: work that is over sooner has no need of it."""


def compile_kernels(config: Config) -> None:
    """Train and run the network of a config on two made-up examples: what that compiles is kept.

    Errors are left to the training that follows, which reports them.
    """
    with contextlib.suppress(Exception, KeyboardInterrupt):
        row = np.arange(5, dtype=np.float32), np.arange(5, dtype=np.uint16)
        data = pack([row, row], [0, 1], [0, 0], ["a", "b"], ["nobody"], source="made up")
        engine = make_engine(config, data.channels, len(data.classes))
        engine.train_epoch(training_batches(data, config, 0), 1e-3)
        [batch] = prediction_batches(data, config)
        engine.predict([batch])
        engine.record(batch)


def _compile(config: Config) -> None:
    end_with_parent()
    compile_kernels(config)


@contextlib.contextmanager
def compiled_meanwhile(config: Config, console: Console) -> Iterator[None]:
    """Compile the kernels of a config in another process while the body of the ``with`` statement runs.

    Numba holds the interpreter's lock while it compiles, so a thread would hold up the body. What the process compiles
    reaches this one through the cache on disk. At the end of the body the rest of the compilation is waited for,
    which the console shows.
    """
    process = multiprocessing.get_context("spawn").Process(target=_compile, args=(config,), daemon=True)
    start = threading.Timer(DELAY, process.start)
    start.start()
    try:
        yield
    except BaseException:
        start.cancel()
        start.join()
        if process.pid is not None:
            process.terminate()
        raise
    start.cancel()
    start.join()
    if process.pid is not None and process.is_alive():
        with console.status("compiling kernels (once: they are kept for later runs)", spinner=console.spinner):
            process.join()
