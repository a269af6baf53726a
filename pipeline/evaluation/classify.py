"""From a recording to a word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.batch import SpikeBatch, discretise
from models.errors import InputError
from models.losses import softmax
from pipeline.audio import Recording, read_audio, trim
from pipeline.ears.registry import DEFAULT, Ear, find
from pipeline.evaluation.trained import Trained
from pipeline.events import CHANNELS, Events

EAR_SEED = 0
"""Of the ear's noise: the same recording always gives the same answer."""


@dataclass(frozen=True)
class Classification:
    """What a network makes of a recording, and how."""

    file: Path
    word: str
    """The likeliest class."""
    probabilities: dict[str, float]
    """By class, likeliest first."""
    audio: Recording
    """What was heard: the recording, trimmed if it is longer than a trial."""
    events: Events
    batch: SpikeBatch
    """The events as the network got them."""
    unheard: float
    """How much of the recording, in ms, lies beyond the trial's end."""

    def report(self) -> dict[str, object]:
        """Return what ``--json`` prints: file, word, probabilities."""
        return {"file": str(self.file), "word": self.word, "probabilities": self.probabilities}


def classify(trained: Trained, file: Path, ear: Ear | None = None) -> Classification:
    """Classify one recording.

    One that is longer than a trial loses the quiet at its beginning and end; what is still beyond the trial's end goes
    unheard. ``ear`` is the one that the training data went through: the one that the run's config names, unless given.

    Raises
    ------
    InputError
        If the file can't be used, or no neuron spikes.
    """
    audio = read_audio(file)
    config = trained.config
    hears = ear or find(config.data.ear or DEFAULT)
    if hears.keeps_time and 1e3 * audio.seconds > config.data.trial:
        audio = trim(audio)
    channels = trained.engine.network.input.channels
    if channels != CHANNELS:
        raise InputError(f"{trained.run.folder} was trained on {channels} channels; an ear has {CHANNELS}")
    events = hears.spikes(audio.samples, audio.rate, EAR_SEED)
    offsets, label = np.array([0, len(events.times)]), np.zeros(1, dtype=np.int64)
    batch = discretise(*events, offsets, label, config.data.dt, config.steps, channels)
    said = trained.engine.predict([batch])
    if not said.hidden_counts.any():
        raise InputError(
            f"{file} says nothing to {trained.run.folder}: its {len(events.times)} input spikes make no neuron spike, "
            "and the answer would be the same for every such recording; one with a spoken word is wanted."
        )
    # A loss without a temperature has logits, too: their softmax only ranks the words then.
    temperature = getattr(config.loss, "temperature", 1.0)
    probabilities: NDArray[np.float64] = softmax(said.logits / temperature)[0]
    order = np.argsort(-probabilities, kind="stable")
    ranked = {trained.classes[i]: float(probabilities[i]) for i in order}
    unheard = max(1e3 * audio.seconds - config.data.trial, 0.0) if hears.keeps_time else 0.0
    return Classification(Path(file), trained.classes[order[0]], ranked, audio, events, batch, unheard)
