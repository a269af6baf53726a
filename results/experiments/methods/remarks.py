"""A paragraph a method: what follows from the comparison, what does not, and how the published figures differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from results.experiments.comparison.sentences import outcome
from results.experiments.methods.findings import Findings
from results.experiments.methods.plan import REFERENCE
from results.experiments.methods.sentences import accuracy, difference

SCOPE: Mapping[str, str] = {
    "surrogate gradient": (
        "The networks are Eventprop's own: same neurons, same time steps, same loss. The difference is that of the two "
        "gradients, of the batches (32 examples in place of 8, since steps in PyTorch cost the same for both), and of "
        "the settings that the search found. Cramer et al. (2022) and Zenke's tutorials train on other data with steps "
        "of 14 ms, so that their accuracies say nothing about these."
    ),
    "ParaLIF": (
        "Its neurons have no reset, and its recurrent layer is one further pass, not a recurrence in time: it is "
        "another network, not another gradient. On a CPU the Fourier transforms of all neurons cost more than "
        "Eventprop's spikes. The authors' figure of 200 is of a forward pass on a GPU; nothing here says what holds "
        "there."
    ),
    "SPSN": (
        "Feed-forward and stochastic: a neuron at rest spikes in every second step, so that its operations are those "
        "of noise as well as of speech. Yarga and Wood (2023) report 89.7 % on SHD with a regulariser of rates; "
        "the data are others here."
    ),
    "e-prop": (
        "Its gradient leaves out what a spike does through other neurons later, and it learns no time constants: both "
        "are part of the difference. It needs no backward pass and could learn on line, which accuracy does not show. "
        "The thesis's figures for it are from other data."
    ),
    "perceptron": (
        "It sees counts of spikes in frames, all at once: what it is given is a picture of the word. That it does well "
        "says how much of the word is in these counts; it says nothing about networks that hear the word as it comes."
    ),
    "CNN": "As the perceptron it sees the whole word at once; its weights are shared over time and frequency.",
    "GRU": "It goes through the frames in order, as spiking networks do, with numbers and gates in place of spikes.",
    "converted perceptron": (
        "It is the perceptron above, run with spikes. Its input is a constant current of numbers, not spikes, and that "
        "product is counted once, so that its operations are not comparable to those of networks that take spikes."
    ),
    "converted perceptron, random input": (
        "The same with numbers as random spikes, which cost operations in every step: the one to compare with networks "
        "that take spikes."
    ),
    "perceptron on log-mel": (
        "The same network with another ear. Its difference from the perceptron on the cochlea's spikes is one of ears, "
        "not of training."
    ),
    "CNN on log-mel": "The convolutional network with the ear that such networks are published with.",
    "GRU on log-mel": "The gated units with the ear that such networks are published with.",
    "STDP, classical": (
        "Learning is unsupervised; only the decoder sees labels. What plasticity adds is the difference from the fixed "
        "random weights below, not the accuracy by itself. The published 80 to 94 % are on a split in which every "
        "speaker is in both parts, as in fsdd by index."
    ),
    "STDP, nanocomposite": "The same network with the rule of a memristor; a simulation here as there, not hardware.",
    "STDP, poly-p-xylylene": "The same network with the rule of another memristor.",
    "fixed random weights": (
        "The same network without plasticity, and with it the decoder: what it reaches is the work of random features "
        "and of a linear classifier that sees labels."
    ),
    "STDP on cochlea spikes": "The classical rule on what the other spiking networks hear.",
    "fixed random weights on cochlea spikes": "The control beside it.",
    "R-STDP": "The reward says right or wrong, nothing else: no other method here learns by so little information.",
    "logistic regression": "A linear classifier of the counts that the perceptron sees: what its hidden layer adds.",
    "support vector machine": "A classifier without neurons on the same counts.",
    "logistic regression on MFCC": (
        "A linear classifier of thirty numbers a recording. Where it does as well as a network, the data do not tell "
        "networks apart; where speakers are held out, it shows how much of its accuracy was knowing the speaker."
    ),
    "support vector machine on MFCC": (
        "Thirty numbers a recording, without time: by index it says that fsdd can be solved by knowing its speakers."
    ),
}
"""What the numbers of a method do not say, whatever they are."""


def remarks(found: Sequence[Findings]) -> dict[str, str]:
    """Return a paragraph for each method of `SCOPE` that took part."""
    paragraphs = {}
    for method, scope in SCOPE.items():
        results = [said for one in found if (said := _result(one, method))]
        if results:
            paragraphs[method] = " ".join([*results, scope])
    return paragraphs


def _result(one: Findings, method: str) -> str:
    row = one.row(method)
    if row is None:
        return ""
    shown = {
        "better": f"better than {REFERENCE}",
        "worse": f"worse than {REFERENCE}",
        "open": f"not shown to differ from {REFERENCE}",
        "unknown": "not compared",
    }[outcome(row)]
    return f"{one.name}: {accuracy(row)}, {shown} ({difference(row)})."
