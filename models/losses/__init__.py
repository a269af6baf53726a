"""Losses: what the readout shows, how wrong that is, and in which direction it is better.

A loss says what it observes of the output population (`Loss.observes`); engines hand that over and get the derivative
of the batch's mean loss with respect to it back. How the derivative reaches the weights is the engines' business.
Importing a loss's module registers it: from then on configs can name it.
"""

from models.losses.base import Judgement, Loss, Observed, softmax
from models.losses.cross_entropy import CrossEntropy
from models.losses.first_spike import FirstSpike
from models.losses.max_over_time import MaxOverTime
from models.losses.mean_square import MeanSquare

__all__ = ["CrossEntropy", "FirstSpike", "Judgement", "Loss", "MaxOverTime", "MeanSquare", "Observed", "softmax"]
