"""The oracle: event-exact simulation in float64 with Eventprop in closed form, slow and without time steps.

>>> import numpy as np
>>> from models.engines.exact import ExactEngine, Trial, finite_differences
>>> from models.initialisers import Initial, Normal
>>> from models.losses import CrossEntropy
>>> from models.network import Hidden, Input, Leaky, Network
>>> from models.windows import Exponential
>>> network = Network(Input(4), (Hidden(3),), Leaky(2))
>>> weights = Initial(input=Normal(3.0, 1.0), output=Normal(0.0, 0.5)).draw(network, seed=1)
>>> engine = ExactEngine(network, weights, CrossEntropy(Exponential()), trial=50.0)
>>> trial = Trial(np.array([1.0, 2.5, 4.0, 20.0]), np.array([0, 3, 1, 2]), label=1)
>>> gradients = engine.gradients([trial])
>>> differences = finite_differences(engine, [trial])
>>> all(np.allclose(gradients.weights[name], differences[name], atol=1e-8) for name in network.shapes)
True
"""

from models.engines.exact.engine import ExactEngine, Forward, Gradients
from models.engines.exact.examples import Trial, trials
from models.engines.exact.finite_differences import finite_differences

__all__ = ["ExactEngine", "Forward", "Gradients", "Trial", "finite_differences", "trials"]
