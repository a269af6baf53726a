"""A command that is killed in the middle of an epoch, in a process of its own."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import forked
import pytest


def train_until_killed(*arguments: object, epoch: int = 1, batch: int = 2) -> None:
    """Run ``python -m pipeline train`` with some arguments until SIGKILL ends it before a batch of an epoch.

    Both are counted from 0.
    """
    process = forked.CONTEXT.Process(target=_train_and_die, args=(list(map(str, arguments)), epoch, batch))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL, process.exitcode


def _train_and_die(arguments: list[str], epoch: int, batch: int) -> None:
    from pipeline.cli import main
    from pipeline.training import trainer

    make = trainer.training_batches

    def interrupted(data: Any, config: Any, current: int) -> Iterator[Any]:
        for i, made in enumerate(make(data, config, current)):
            if (current, i) == (epoch, batch):
                os.kill(os.getpid(), signal.SIGKILL)
            yield made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "training_batches", interrupted)
        patch.setattr(sys, "argv", ["pipeline", "train", *arguments])
        main()
