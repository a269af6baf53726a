"""From a recording to a word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.batch import discretise
from models.engines.interface import Recording as NetworkRecording
from models.losses import softmax
from pipeline.audio import Recording, read_audio
from pipeline.cochlea import Cochlea
from pipeline.data.container import Events
from pipeline.evaluation.trained import Trained

COCHLEA_SEED = 0
"""Of the cochlea's noise: the same recording always gives the same answer."""


@dataclass(frozen=True)
class Classification:
    """What a network makes of a recording, and how.

    Attributes
    ----------
    file : Path
    word : str
        The likeliest class.
    probabilities : dict of str to float
        By class, likeliest first.
    audio : Recording
        What was heard.
    events : Events
        What the cochlea made of it.
    inside : NetworkRecording
        Hidden spikes and output voltages.
    """

    file: Path
    word: str
    probabilities: dict[str, float]
    audio: Recording
    events: Events
    inside: NetworkRecording

    def report(self) -> dict[str, object]:
        """Return what ``--json`` prints: file, word, probabilities."""
        return {"file": str(self.file), "word": self.word, "probabilities": self.probabilities}


def classify(trained: Trained, file: Path, cochlea: Cochlea | None = None) -> Classification:
    """Classify one recording; what is longer than a trial is cut off at the trial's end.

    Parameters
    ----------
    trained : Trained
    file : Path
        WAV or FLAC, any rate, mono or stereo.
    cochlea : Cochlea, optional
        The one that the training data went through; the standard one unless given.

    Returns
    -------
    Classification

    Raises
    ------
    InputError
        If the file can't be used.
    """
    audio = read_audio(file)
    events = (cochlea or Cochlea()).spikes(audio.samples, audio.rate, COCHLEA_SEED)
    config = trained.config
    batch = discretise(
        events.times,
        events.units,
        np.array([0, len(events.times)]),
        np.zeros(1, dtype=np.int64),
        config.data.dt,
        config.steps,
        trained.engine.network.input.channels,
    )
    inside = trained.engine.record(batch)[0]
    probabilities: NDArray[np.float64] = softmax(inside.logits[None])[0]
    order = np.argsort(-probabilities, kind="stable")
    ranked = {trained.classes[i]: float(probabilities[i]) for i in order}
    return Classification(Path(file), trained.classes[order[0]], ranked, audio, events, inside)
