"""Run by mpirun: learn from a batch in several processes; the first one writes the results."""

from __future__ import annotations

import sys

import numpy as np
from event_nets import Plan, draw

from models.engines.genn.engine import GennEngine
from models.engines.genn.ranks import Ranks
from models.losses import CrossEntropy
from models.regulariser import Regulariser
from models.windows import Exponential

PLAN = Plan(((12, True),), channels=10, delayed=("recurrent",), constants=("hidden",), bias=True)


def learned(ranks: Ranks, updates: int = 5) -> dict[str, np.ndarray]:
    """Return state, gradient and predictions after some updates from batches of 7 and 1 examples."""
    drawn = draw(PLAN, 3, trials=7)
    regulariser = Regulariser(strength=0.01, target=3.0, lift=0.1)
    problem = drawn.problem(CrossEntropy(Exponential(), 5.0), regulariser=regulariser)
    engine = GennEngine(problem, drawn.weights, ranks=ranks)
    batches = [drawn.batch(), Ranks().own(draw(PLAN, 3, trials=1).batch())]
    for _ in range(updates):
        epoch = engine.train_epoch(batches, 1e-3)
    gradients = engine.gradients(batches[0])
    result = {f"gradient/{name}": array for name, array in gradients.weights.items()} | engine.state()
    result |= {"logits": gradients.logits, "predicted": engine.predict(batches).logits, "counts": epoch.hidden_counts}
    result |= {"epoch": np.array([epoch.loss, epoch.accuracy, epoch.examples])}
    engine.close()
    return result


if __name__ == "__main__":
    place = Ranks.here()
    found = learned(place)
    if place.rank == 0:
        np.savez(sys.argv[1], **found)
