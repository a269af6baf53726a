"""The classifiers: fitted by scikit-learn, kept as arrays, and run from these."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.methods.control.options import ControlOptions
from models.network import ANY, Weights

Array = NDArray[np.float64]

ITERATIONS = 10_000
"""Of the logistic regression's solver, at most."""

ROWS = 256
"""Examples that are compared with all support vectors at once."""

SCALING = ("mean", "deviation")
"""Parameters by which features are standardised."""


def shapes(features: int, classes: int, options: ControlOptions) -> dict[str, tuple[int, ...]]:
    """Return the shape of every parameter.

    ``present`` is 1 for classes that have training examples. Support vectors are ordered by class; ``dual`` holds
    scikit-learn's coefficients of each in its machines against the other classes that are present, in their order, and
    ``intercepts`` those of all pairs, (0, 1), (0, 2), ..., (1, 2), ...
    """
    found = {**dict.fromkeys(SCALING, (features,)), "present": (classes,)}
    if options.classifier == "logistic":
        return found | {"coefficients": (features, classes), "bias": (classes,)}
    return found | {
        "support": (ANY, features),
        "support_labels": (ANY,),
        "dual": (ANY, ANY),
        "intercepts": (ANY,),
    }


def fit(seen: Array, labels: NDArray[np.int64], classes: int, options: ControlOptions) -> Weights:
    """Return the parameters of a classifier of features, shape (examples, features).

    Raises
    ------
    InputError
        If all examples are of one class.
    """
    present = np.unique(labels)
    if len(present) < 2:
        raise InputError(f'training.method "{options.kind}" has examples of one class to learn from; two are wanted')
    # Examples in an order of their own: solvers stop at a tolerance, by the order in which they meet them.
    order = np.lexsort((labels, *seen.T[::-1]))
    seen, labels = seen[order], labels[order]
    deviation = seen.std(axis=0)
    found = {
        "mean": seen.mean(axis=0),
        "deviation": np.where(deviation > 1e-7 * np.abs(seen).max(axis=0), deviation, 1.0),
        "present": np.isin(np.arange(classes), present),
    }
    found = {name: array.astype(np.float32) for name, array in found.items()}
    solver = _logistic if options.classifier == "logistic" else _svm
    found |= solver(standardised(seen, found), labels, classes, options)
    return {name: array.astype(np.float32) for name, array in found.items()}


def standardised(seen: Array, weights: Weights) -> Array:
    """Return features as the classifier sees them; rounded, so that support vectors can be kept exactly."""
    rounded = ((seen - weights["mean"]) / weights["deviation"]).astype(np.float32)
    return rounded.astype(np.float64)


def logits(seen: Array, weights: Weights, options: ControlOptions) -> Array:
    """Return decision values, shape (examples, classes), the greatest of which is scikit-learn's prediction.

    A class without training examples has 1 less than the least of the others.
    """
    present = np.flatnonzero(weights["present"])
    found = np.zeros((len(seen), len(weights["present"])))
    if not len(present):
        return found
    inputs = standardised(seen, weights)
    if options.classifier == "logistic":
        decisions = (inputs @ weights["coefficients"] + weights["bias"])[:, present]
    else:
        chunks = [inputs[start : start + ROWS] for start in range(0, len(inputs), ROWS)]
        pairs = _pairs(weights, present)
        decisions = np.concatenate([_svm_decisions(chunk, weights, pairs, options) for chunk in chunks])
    found[:] = decisions.min(axis=1, keepdims=True) - 1
    found[:, present] = decisions
    return found


def _logistic(inputs: Array, labels: NDArray[np.int64], classes: int, options: ControlOptions) -> dict[str, Array]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=options.C, max_iter=ITERATIONS).fit(inputs, labels)
    coefficients, bias = fitted.coef_.T, fitted.intercept_
    if len(fitted.classes_) == 2:
        # One decision value d becomes two, whose softmax is d's logistic function.
        coefficients, bias = coefficients * [-0.5, 0.5], bias * [-0.5, 0.5]
    found = {"coefficients": np.zeros((inputs.shape[1], classes)), "bias": np.zeros(classes)}
    found["coefficients"][:, fitted.classes_] = coefficients
    found["bias"][fitted.classes_] = bias
    return found


def _svm(inputs: Array, labels: NDArray[np.int64], classes: int, options: ControlOptions) -> dict[str, Array]:
    from sklearn.svm import SVC

    fitted = SVC(C=options.C, gamma=options.gamma / inputs.shape[1]).fit(inputs, labels)
    # With two classes scikit-learn turns libsvm's signs around.
    sign = -1.0 if len(fitted.classes_) == 2 else 1.0
    return {
        "support": fitted.support_vectors_,
        "support_labels": labels[fitted.support_].astype(np.float64),
        "dual": sign * fitted.dual_coef_,
        "intercepts": sign * fitted.intercept_,
    }


def _pairs(weights: Weights, present: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return the weight of each support vector in the machine of each pair of classes, and a pair's sides.

    These are of the shapes (support vectors, pairs), and (pairs, classes that are present) with 1 for a pair's first
    class and -1 for its second.
    """
    pairs = list(combinations(range(len(present)), 2))
    members = [np.flatnonzero(weights["support_labels"] == label) for label in present]
    machines, sides = np.zeros((len(weights["support"]), len(pairs))), np.zeros((len(pairs), len(present)))
    for pair, (first, second) in enumerate(pairs):
        machines[members[first], pair] = weights["dual"][second - 1, members[first]]
        machines[members[second], pair] = weights["dual"][first, members[second]]
        sides[pair, [first, second]] = 1, -1
    return machines, sides


def _svm_decisions(inputs: Array, weights: Weights, pairs: tuple[Array, Array], options: ControlOptions) -> Array:
    """Return the votes of all pairs' machines, and what decides between equal ones: scikit-learn's one-vs-rest form.

    This is ``SVC(break_ties=True)``: to each class's votes the sum s of its machines' values is added as
    s / (3 (|s| + 1)), which is less than a vote.
    """
    machines, sides = pairs
    support = weights["support"].astype(np.float64)
    distances = np.square(inputs).sum(axis=1)[:, None] + np.square(support).sum(axis=1) - 2 * inputs @ support.T
    values = np.exp(-options.gamma / inputs.shape[1] * np.maximum(distances, 0)) @ machines + weights["intercepts"]
    votes = (values >= 0) @ np.maximum(sides, 0) + (values < 0) @ np.maximum(-sides, 0)
    sums = values @ sides
    decisions: Array = votes + sums / (3 * (np.abs(sums) + 1))
    return decisions
