"""The functions that a script or notebook needs, from one place: config, data, training, evaluation, classification."""

from pipeline.config import load_config
from pipeline.evaluation.classify import classify
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.trained import load_trained
from pipeline.training.examples import load_dataset, split_training
from pipeline.training.trainer import train

__all__ = ["classify", "evaluate", "load_config", "load_dataset", "load_trained", "split_training", "train"]
