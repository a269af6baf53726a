import io
from pathlib import Path

import pytest

from pipeline.console import Console
from pipeline.training.progress import RichProgress, describe
from pipeline.training.run import Run

RUN = Run(Path("runs/toy/0-s1"))


def rows(epoch, validation=True):
    def row(split, accuracy):
        return {"epoch": epoch, "split": split, "loss": 1.25, "accuracy": accuracy, "rate": 7.5, "silent": 0.125}

    return [row("train", 0.5), *([row("validation", 0.4)] if validation else [])]


def shown(epochs, done=0, terminal=False, line_every=0.0):
    console = Console(file=io.StringIO(), width=100, force_terminal=terminal)
    progress = RichProgress(console, line_every)
    progress.start(RUN, "cpu", epochs, done)
    for epoch in range(done, epochs):
        assert list(progress.batches(iter("abc"), 3, epoch)) == ["a", "b", "c"]
        progress.epoch(rows(epoch + 1), epoch == 0, 1.5)
    return console.file.getvalue()


def test_a_log_gets_one_line_an_epoch():
    lines = shown(3).splitlines()
    assert lines[0] == f"{RUN.folder}: engine cpu"
    assert [line.split("  ")[0] for line in lines[1:]] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert "validation 0.400 (best)" in lines[1]
    assert "(best)" not in lines[2]


def test_a_log_is_not_flooded():
    lines = shown(500, line_every=60.0).splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == ["epoch 1/500", "epoch 500/500"]


def test_a_terminal_has_a_bar_and_gets_its_cursor_back():
    text = shown(2, terminal=True)
    assert "━" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_an_error_in_the_middle_of_an_epoch_gives_the_cursor_back():
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    progress = RichProgress(console)
    progress.start(RUN, "cpu", 2, 0)

    def broken():
        yield "a"
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        list(progress.batches(broken(), 3, 0))
    text = console.file.getvalue()
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_what_was_done_before_is_said():
    assert shown(4, done=2).splitlines()[0] == f"{RUN.folder}: engine cpu, going on after epoch 2"
    assert shown(4, done=4) == f"{RUN.folder}: engine cpu, all 4 epochs are done\n"


def test_an_epoch_in_a_line():
    assert describe(rows(1), False) == "loss 1.250  accuracy 0.500  validation 0.400  rate 7.5  silent 12%"
    assert describe(rows(1, validation=False), True) == "loss 1.250  accuracy 0.500  rate 7.5  silent 12%"
