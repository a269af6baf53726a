"""Data sets: where their examples come from, and which of them are for training, validation and test."""

from pipeline.data.datasets.base import Dataset
from pipeline.data.datasets.registry import load, names

DATASETS = names()
"""Names of all data sets."""

__all__ = ["DATASETS", "Dataset", "load", "names"]
