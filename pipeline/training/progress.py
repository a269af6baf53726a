"""How training goes, shown on a terminal or in a log."""

from __future__ import annotations

import atexit
import time
from collections.abc import Iterable, Iterator

from numba.core import event
from rich import progress
from rich.console import RenderableType
from rich.text import Text

from pipeline.console import Console, TextColumn
from pipeline.training.metrics import Row
from pipeline.training.run import Run
from pipeline.training.trainer import Item, Progress

LINE_EVERY = 5.0
"""Seconds between two lines at least; the first and the last epoch always have theirs."""


class _Bar(progress.Progress):
    """A bar over the epochs, and under it how the last one went."""

    news = ""

    def get_renderables(self) -> Iterator[RenderableType]:
        """Yield the bar and the news."""
        yield from super().get_renderables()
        yield Text(self.news, no_wrap=True, overflow="ellipsis")


class _CompilationLine(event.Listener):  # type: ignore[misc]
    """Prints a line when Numba begins to compile; kernels that it finds in its cache are loaded without one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._printed = False

    def on_start(self, _: event.Event) -> None:
        """Print the line, once."""
        if not self._printed:
            self._printed = True
            self._console.print("compiling kernels (once: they are kept for later runs)")

    def on_end(self, _: event.Event) -> None:
        """Print nothing: the first epoch's line follows."""


class RichProgress(Progress):
    """A bar over all epochs on a terminal, and a line everywhere, after ``line_every`` seconds at least."""

    def __init__(self, console: Console, line_every: float = LINE_EVERY) -> None:
        self._console = console
        self._line_every = line_every
        self._last_line = -float("inf")
        self._epochs = 0
        self._bar: _Bar | None = None
        self._compilation_line = _CompilationLine(console)
        self._task = progress.TaskID(0)

    def start(self, run: Run, engine: str, epochs: int, done: int) -> None:
        """Begin a bar; name the engine and say where an interrupted run goes on."""
        self._epochs = epochs
        self._last_line = -float("inf")
        what = f"engine {engine}"
        if done:
            what += f", going on after epoch {done}" if done < epochs else f", all {epochs} epochs are done"
        self._console.print(f"{run.folder}: {what}")
        self._bar = _Bar(
            progress.SpinnerColumn(self._console.spinner),
            TextColumn("epoch {task.fields[epoch]}/{task.total:.0f}"),
            progress.BarColumn(),
            progress.TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("", total=epochs, completed=done, epoch=done)

    def batches(self, batches: Iterable[Item], total: int, epoch: int) -> Iterator[Item]:
        """Hand on an epoch's batches, moving the bar with each."""
        bar = self._bar
        assert bar is not None, "start comes first"
        bar.update(self._task, epoch=epoch + 1, completed=epoch)
        bar.start()
        # Where an error ends training between an epoch's last batch and its report, the cursor must come back.
        atexit.register(bar.stop)
        try:
            with event.install_listener("numba:compile", self._compilation_line):
                for batch in batches:
                    yield batch
                    bar.advance(self._task, 1 / total)
        except BaseException:
            bar.stop()
            raise

    def epoch(self, rows: list[Row], best: bool, seconds: float) -> None:
        """Take the bar away until the next epoch, and print a line if it is time for one."""
        news = describe(rows, best)
        if self._bar is not None:
            self._bar.update(self._task, completed=rows[0]["epoch"])
            self._bar.stop()
            self._bar.news = news
            atexit.unregister(self._bar.stop)
        number, now = rows[0]["epoch"], time.monotonic()
        if number == self._epochs or now - self._last_line >= self._line_every:
            self._last_line = now
            self._console.print(
                f"epoch {number}/{self._epochs}  {news}  {seconds:.1f} s", soft_wrap=True, highlight=False
            )


def describe(rows: list[Row], best: bool) -> str:
    """Return an epoch's rows of the metrics in one short line."""
    trained = rows[0]
    parts = [f"loss {trained['loss']:.3f}", f"accuracy {trained['accuracy']:.3f}"]
    parts += [f"{row['split']} {row['accuracy']:.3f}{' (best)' if best else ''}" for row in rows[1:]]
    return "  ".join([*parts, f"rate {trained['rate']:.1f}", f"silent {trained['silent']:.0%}"])
