"""Readout windows: how much the output voltage counts at each time of the trial.

A window is a function w(u) of the fraction u = t / T of the trial. Every consumer (the loss, the engines'
adjoints, the figures) reads the one table that `Window.table` gives. Importing a window's module registers it: from
then on configs can name it.
"""

from models.windows.base import Window
from models.windows.bump import Bump
from models.windows.exponential import Exponential
from models.windows.gaussian import Gaussian
from models.windows.tabulated import Tabulated
from models.windows.uniform import Uniform

__all__ = ["Bump", "Exponential", "Gaussian", "Tabulated", "Uniform", "Window"]
