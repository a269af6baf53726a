"""The settings of winner-take-all networks, and of STDP."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from models.errors import require
from models.methods.options import MethodOptions

InputKind = Literal["spikes", "receptive-fields"]
RuleKind = Literal["classical", "nanocomposite", "poly-p-xylylene", "fixed"]
DecoderKind = Literal["logistic", "assignment", "one-neuron-a-class"]


@dataclass(frozen=True)
class WinnerOptions(MethodOptions):
    """What winner-take-all networks see, and how they run.

    Of the config's other sections these take network.hidden (one number), network.delay_line (of spikes),
    loss.smoothing and loss.temperature. Not used is what a config says of other neurons and of gradients: time
    constants, thresholds, recurrence (lateral inhibition is in its place), initial values, the readout's window and
    scale, the regulariser, clipping and decay.

    Attributes
    ----------
    input : {"spikes", "receptive-fields"}
        The events that reach the network, as spikes; or numbers in a latency code (`models.methods.latency`, 30 mean
        cepstral coefficients), each seen by Gaussian receptive fields whose responses are rates of Poisson spikes.
    fields : int
        Receptive fields a number, spread evenly from the least to the greatest value of the training examples.
    normalisation : {"l2", "none"}
        Of an example's numbers before the fields: divided by their Euclidean norm, or not. Standard scores give the
        same responses as "none", since fields are fitted to each number's range.
    rate : float
        Of an input whose receptive field responds most, in Hz.
    duration, pause : float
        In ms: how long receptive fields are shown (spikes last a trial), and the time without input behind each
        example.
    resolution : float
        Time step of the network in ms; data.dt must be a multiple of it where events are the input.
    conductance : float
        Of a synapse of weight 1, in nS.
    inhibition : float
        Conductance in nS that a spike opens in every other neuron, ``delay`` ms later, by way of one inhibitory neuron
        of its own.
    competition : {"learning", "always"}
        Whether neurons inhibit each other only while they learn, or in answers, too, as published.
    delay : float
        From a spike to its inhibition, in ms.
    theta_plus : float
        What a spike adds to its neuron's threshold during training, in mV.
    reading : {"first", "adapted"}
        Thresholds where nothing is learned: those before training, as in the code of Rybka et al. (2024), or those that
        training has raised, as in Diehl and Cook (2015). Under strong input these rise until the neurons hardly spike.
    """

    input: InputKind = "spikes"
    fields: int = 10
    normalisation: Literal["l2", "none"] = "l2"
    rate: float = 60.0
    duration: float = 350.0
    pause: float = 50.0
    resolution: float = 1.0
    conductance: float = 0.8
    inhibition: float = 15.0
    competition: Literal["learning", "always"] = "learning"
    delay: float = 2.0
    theta_plus: float = 0.05
    reading: Literal["first", "adapted"] = "first"

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        require(self.fields >= 3, self.kind, "fields", self.fields, "at least 3")
        for name in ("rate", "duration", "resolution", "conductance"):
            value = getattr(self, name)
            require(0 < value < math.inf, self.kind, name, value, "above 0, and finite")
        for name in ("pause", "inhibition", "delay", "theta_plus"):
            value = getattr(self, name)
            require(0 <= value < math.inf, self.kind, name, value, "0 or more, and finite")


@dataclass(frozen=True)
class StdpOptions(WinnerOptions):
    """The rule that synapses learn by, and who answers.

    training.learning_rate is not used: the rules have amplitudes of their own.

    Attributes
    ----------
    rule : {"classical", "nanocomposite", "poly-p-xylylene", "fixed"}
        See `models.methods.stdp.rules`. With "fixed" all is the same but that weights stay as they were drawn: the
        control that belongs beside the others.
    amplitude : float
        Factor on all changes of weights; 1 is as published.
    mean_weight : float
        What the mean weight of each neuron is scaled to before each example that it learns from, so that synapses
        compete (Diehl and Cook 2015: 0.1; the code of Rybka et al. can, but does not on speech); 0 scales nothing.
    decoder : {"logistic", "assignment", "one-neuron-a-class"}
        Logistic regression on the neurons' spike counts; each neuron stands for the class to which it answers most
        (Diehl and Cook 2015); or neuron j stands for class j modulo the number of classes and learns from that class's
        examples alone, while the others are silenced, without inhibition: the class-wise network of Rybka et al.
        (2024), with current-based neurons.
    inverse_penalty : float
        C of scikit-learn's LogisticRegression on counts scaled to a deviation of 1; Rybka et al. have 100 with counts
        as they are.
    """

    kind: Literal["stdp"] = field(default="stdp", kw_only=True, repr=False)
    rule: RuleKind = "classical"
    amplitude: float = 1.0
    mean_weight: float = 0.5
    decoder: DecoderKind = "logistic"
    inverse_penalty: float = 1.0

    def __post_init__(self) -> None:
        """Refuse impossible values."""
        super().__post_init__()
        for name in ("amplitude", "inverse_penalty"):
            value = getattr(self, name)
            require(0 < value < math.inf, self.kind, name, value, "above 0, and finite")
