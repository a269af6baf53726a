"""Who answers: spike counts to logits by a matrix and a bias, however these are found."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Decoder(NamedTuple):
    """Logits are counts @ matrix + bias.

    Attributes
    ----------
    matrix : ndarray of float32, shape (hidden, classes)
    bias : ndarray of float32, shape (classes,)
    """

    matrix: NDArray[np.float32]
    bias: NDArray[np.float32]


def logistic(counts: NDArray[np.int64], labels: NDArray[np.int64], classes: int, inverse_penalty: float) -> Decoder:
    """Return logistic regression on counts, shape (examples, hidden), by scikit-learn.

    Neurons' counts are scaled to a deviation of 1, by which the penalty means the same for all. A class without
    examples has the least logit. With a single class there is nothing to tell apart.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    matrix, bias = np.zeros((counts.shape[1], classes), np.float32), np.zeros(classes, np.float32)
    present = np.unique(labels)
    if len(present) < 2:
        return Decoder(matrix, bias)
    deviation = counts.std(axis=0)
    deviation[deviation == 0] = 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = LogisticRegression(C=inverse_penalty, max_iter=300).fit(counts / deviation, labels)
    if len(present) == 2:
        # One logit, of the second class against the first.
        matrix[:, present[1]], bias[present[1]] = found.coef_[0] / deviation, found.intercept_[0]
    else:
        matrix[:, present], bias[present] = (found.coef_ / deviation).T, found.intercept_
    absent = np.setdiff1d(np.arange(classes), present)
    bias[absent] = bias.min() - 10
    matrix[:, absent] = matrix[:, present].min(axis=1, keepdims=True)
    return Decoder(matrix, bias)


def assignment(counts: NDArray[np.int64], labels: NDArray[np.int64], classes: int) -> Decoder:
    """Return the decoder of Diehl and Cook (2015): a class's logit is the mean count of its neurons.

    A neuron stands for the class of which an example makes it spike most on average; one that is silent, for none.
    """
    means = np.zeros((classes, counts.shape[1]))
    for label in np.unique(labels):
        means[label] = counts[labels == label].mean(axis=0)
    stands_for = np.where(means.any(axis=0), means.argmax(axis=0), -1)
    return groups(stands_for, classes)


def groups(stands_for: NDArray[np.integer], classes: int) -> Decoder:
    """Return the decoder by groups of neurons: a class's logit is the mean count of those that stand for it.

    ``stands_for``, shape (hidden,), is each neuron's class, or -1.
    """
    members = (stands_for[:, None] == np.arange(classes)).astype(np.float32)
    return Decoder(members / np.maximum(members.sum(axis=0), 1), np.zeros(classes, np.float32))
