"""From recordings to spikes: an ear converts a list of utterances, and the cache keeps the result."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numba
import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from models.errors import InputError
from pipeline.audio import read_audio
from pipeline.console import TextColumn, err
from pipeline.data.cache import cached
from pipeline.data.container import SpikeData
from pipeline.data.packing import Block, assemble, pack
from pipeline.ears.registry import DEFAULT, Ear, find
from pipeline.events import Events

SHARD = 100
"""Mean number of utterances in a cache file; a killed preparation loses at most two of these."""


@dataclass(frozen=True)
class Utterance:
    """One spoken word, not yet turned into spikes.

    Attributes
    ----------
    source : Path or callable
        A file for ``read_audio``, or a function without arguments that returns mono samples, shape (n,), and
        their rate in Hz.
    key : str
        Hexadecimal hash of everything that the sound depends on. Utterances with the same key give the same spikes.
    label, speaker : int
        Indices into the names of the classes and speakers.
    """

    source: Path | Callable[[], tuple[NDArray[np.float64], int]]
    key: str
    label: int
    speaker: int

    @property
    def identity(self) -> int:
        """The first 64 bits of the key; see `SpikeData.identities`."""
        return int(self.key[:16], 16)

    @property
    def name(self) -> str:
        """What messages call it: its file, or the first digits of its key."""
        return str(self.source) if isinstance(self.source, Path) else f"utterance {self.key[:12]}"


def file_key(path: Path) -> str:
    """Return the hash of a file's bytes, the key of the utterance in it; a file that can't be read is refused."""
    # Of a named pipe, reading would wait for ever.
    if path.is_fifo():
        raise InputError(f"{path} can't be read as a recording: it is a named pipe")
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"{path} can't be read as a recording: {error.strerror}") from None


def to_spikes(
    utterances: Sequence[Utterance],
    classes: Sequence[str],
    speaker_names: Sequence[str],
    *,
    kind: str,
    description: str,
    ear: str | Ear = DEFAULT,
    seed: int = 0,
    progress: bool = True,
) -> SpikeData:
    """Convert utterances into spikes; shards of them are cached, so that only new utterances cost time.

    An utterance's spikes depend only on its sound, the ear and the seed: neither on the other
    utterances nor on their order.

    Parameters
    ----------
    utterances : sequence of Utterance
        The examples, in the order of the result.
    classes, speaker_names : sequence of str
        Names; labels and speakers are indices into them.
    kind : str
        The folder of the cache: the data set's name.
    description : str
        Name of the data in the progress bar and in error messages.
    ear : str or Ear
        What converts them, or its name; the default is the cochlea with the parameters of Cramer et al. (2020).
    seed : int
        Seed of the ear's noise, at least 0.
    progress : bool
        Whether a progress bar is shown.

    Raises
    ------
    InputError
        If a file cannot be used (the message names it), if the cache cannot be written, if there is no such
        ear, or if the seed is below 0.
    """
    if seed < 0:
        raise InputError(f"{description}: the seed is {seed}, at least 0 is wanted.")
    hears = find(ear)
    remaining = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), remaining)
    blocks = []
    # One utterance per thread uses the cores better than several threads on each utterance in turn.
    with (
        Progress(*columns, console=err, disable=not progress) as bar,
        ThreadPoolExecutor(numba.get_num_threads()) as pool,
    ):
        task = bar.add_task(f"{description}: sound to spikes", total=len(utterances))
        convert = partial(spikes, ear=hears, seed=seed)
        done = 0
        for shard in shards(utterances):

            def build(shard: Sequence[Utterance] = shard) -> SpikeData:
                converted = []
                for events in pool.map(convert, shard):
                    converted.append(events)
                    bar.advance(task)
                # The cache holds only spikes. Labels and speakers come from the list and may be corrected there.
                nobody = np.zeros(len(shard), dtype=np.int64)
                return pack(converted, nobody, nobody, ("",), ("",), source=description)

            part = cached(kind, shard_key(shard, hears, seed), build)
            done += len(shard)
            bar.update(task, completed=done)
            blocks.append(Block(part.times, part.units, part.counts, part.drops))
    labels, speakers = (np.array([getattr(one, name) for one in utterances], np.int64) for name in ("label", "speaker"))
    keys = np.array([one.identity for one in utterances], np.uint64)
    return assemble(blocks, labels, speakers, classes, speaker_names, source=description, keys=keys)


def spikes(utterance: Utterance, ear: Ear, seed: int) -> Events:
    """Return the spikes of one utterance; (seed, key) seeds its noise."""
    if isinstance(utterance.source, Path):
        recording = read_audio(utterance.source)
        samples, rate = recording.samples, recording.rate
    else:
        samples, rate = utterance.source()
    noise = np.random.SeedSequence([seed, int(utterance.key, 16)])
    return ear.spikes(samples, rate, noise, threads=1)


def shards(utterances: Sequence[Utterance]) -> Iterator[Sequence[Utterance]]:
    """Cut a list into shards of about ``SHARD`` utterances, at places that the utterances' keys determine.

    When an utterance is added or removed, the cuts elsewhere stay, so all shards but one or two keep their keys.
    """
    start = 0
    for stop, utterance in enumerate(utterances, 1):
        if int(utterance.key, 16) % SHARD == 0 or stop - start == 2 * SHARD:
            yield utterances[start:stop]
            start = stop
    if start < len(utterances):
        yield utterances[start:]


def shard_key(shard: Sequence[Utterance], ear: Ear, seed: int) -> str:
    """Return the key of a shard's spikes in the cache."""
    parts = [ear.fingerprint(), str(seed), *(utterance.key for utterance in shard)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
