"""Distributions that a network's parameters are drawn from before training.

Importing an initialiser's module registers it: from then on configs can name it.
"""

from models.initialisers.base import Initialiser
from models.initialisers.constant import Constant
from models.initialisers.initial import Initial
from models.initialisers.kaiming import Kaiming
from models.initialisers.lognormal import LogNormal
from models.initialisers.normal import Normal
from models.initialisers.uniform import Uniform

__all__ = ["Constant", "Initial", "Initialiser", "Kaiming", "LogNormal", "Normal", "Uniform"]
