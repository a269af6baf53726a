"""Variants of a config, and the jobs that train each of them with several seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from models.errors import InputError
from pipeline.config import Config, load_config
from sweeps.jobs import TEST, Job

FSDD = "fsdd-exponential"
"""The config that experiments vary unless another one is named."""


@dataclass(frozen=True)
class Variant:
    """A config (a TOML file, or the name of a shipped one) with overrides ``a.b=c``, and its name in tables."""

    name: str
    config: str
    overrides: tuple[str, ...] = ()

    def settings(self, seed: int, more: Sequence[str] = ()) -> Config:
        """Return the config of one seed; the variant's own overrides count above those that all variants share."""
        return load_config(self.config, [*more, *self.overrides, f"seed={seed}"])

    def job(self, seed: int, held: str = TEST, shared: Sequence[str] = ()) -> Job:
        """Return the job of one seed, with overrides that all variants share."""
        return Job(self.name, self.settings(seed, shared), held)


def jobs_of(
    variants: Iterable[Variant], seeds: int, shared: Sequence[str] = (), held: Sequence[str] = (TEST,)
) -> list[Job]:
    """Return the jobs of variants, each with the seeds 1, 2 and so on, so that variants are paired.

    Each seed has one run for everything in ``held`` that it is scored on; see `jobs.Job`.
    """
    return [variant.job(seed, h, shared) for variant in variants for seed in range(1, seeds + 1) for h in held]


def some_trained(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a comparison, of which at least one must have been trained.

    Raises
    ------
    InputError
        If the training of all has diverged.
    """
    if (rows["failed"] != "").all():
        raise InputError(f"all of {len(rows)} runs failed; the first: {rows['failed'].iloc[0]}")
    return rows
