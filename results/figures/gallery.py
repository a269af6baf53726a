"""All figures by name, and where they go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console

from models.errors import InputError, nearest
from pipeline.pictures.save import save
from results.experiments.study.findings import PARTS
from results.figures import (
    cost,
    descent,
    early_and_late,
    eventprop,
    membrane,
    networks,
    neurons,
    plasticity,
    progress,
    scores,
    searches,
    windows,
)
from results.paths import FIGURES, PUBLISHED

FOLDER = FIGURES
STUDIES = ("fsdd-index", "digits")
"""Those whose words' information is shown."""


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes
    ----------
    draw : callable
        Returns it, of the paths that it needs.
    says : str
        What it shows, in a sentence: the text for those who don't see it.
    needs : tuple of str
        Committed results, relative to their folder.
    beside : tuple of str
        Further ones, which ``draw`` finds by those.
    """

    draw: Callable[..., Figure]
    says: str
    needs: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()


DRAWINGS: dict[str, Drawing] = {
    "01-generations": Drawing(
        neurons.generations, "A neuron that sums its inputs, and one that spikes when its voltage reaches a threshold."
    ),
    "02-membrane": Drawing(
        membrane.membrane, "A membrane with sodium and potassium channels and what drives the ions."
    ),
    **{
        f"{number}-hodgkin-huxley-{length:.0f}ms": Drawing(
            partial(neurons.hodgkin_huxley, length), f"The Hodgkin-Huxley neuron's answer to a pulse of {length:g} ms."
        )
        for number, length in zip(("03", "04", "05", "05b"), neurons.PULSES, strict=True)
    },
    "06-leaky": Drawing(neurons.leaky, "A leaky neuron's voltage rises with input spikes, spikes at 1, and is reset."),
    "06b-izhikevich": Drawing(neurons.patterns, "Twenty firing patterns of Izhikevich's neuron, each with its input."),
    "07-network": Drawing(networks.layers, "A network of three layers, its connections coloured by trained weights."),
    "08-loss-surface": Drawing(
        descent.surface, "The loss over two weights, a saddle between two valleys, and a descent."
    ),
    "09-matrix-form": Drawing(networks.matrix_form, "Two layers as products of matrices of sizes 1 x 3, 3 x 6, 6 x 3."),
    "10-one-neuron": Drawing(networks.one_neuron, "The row and the column whose product is the first neuron's sum."),
    "11-descent": Drawing(
        descent.paths, "Paths of SGD and Adam from four starts into two valleys of the loss, one of them deeper."
    ),
    "12-backward": Drawing(networks.backward, "Both weight matrices' gradients as products of a column and a row."),
    "13-stdp": Drawing(plasticity.window, "A synapse grows if its input spikes first, and shrinks if it spikes last."),
    "14-eventprop": Drawing(
        eventprop.forward_and_backward,
        "A recorded word in a trained network: spikes and voltages forward in time, adjoints backward, which jump at "
        "the spikes and nowhere else.",
        ("networks/fsdd/09f9156215fa-s1/best.npz", "words-fsdd.h5"),
        ("networks/fsdd/09f9156215fa-s1/config.toml",),
    ),
    "windows": Drawing(
        windows.over_words,
        "Four readout windows over the cochlea's spikes of six recorded words, and how much of each lies in the word.",
        ("words-fsdd.h5", "networks/fsdd/09f9156215fa-s1/config.toml"),
    ),
    "early-and-late": Drawing(
        early_and_late.early_and_late,
        "What slices of time tell of the word, and what a spike at each time changes by being there, and by moving.",
        tuple(f"study/{plan}.json" for plan in STUDIES),
        tuple(f"study/{plan}-{part}.csv" for plan in STUDIES for part in PARTS),
    ),
    "sizes": Drawing(
        scores.by_size,
        "Accuracy by hidden size, feed-forward against recurrent; all else is as chosen for 256 recurrent neurons.",
        ("sizes-fsdd-exponential-runs.csv",),
    ),
    "learning": Drawing(
        progress.learning_curves,
        "Training loss and validation accuracy by epoch under four windows, with intervals over seeds.",
        ("study/fsdd-index-curves.csv",),
    ),
    "search-convergence": Drawing(
        searches.convergence,
        "The least validation error so far by points: the Gaussian process and random search.",
        tuple(f"sweeps/thesis-{strategy}-s{seed}.jsonl" for strategy in ("bayes", "random") for seed in (1, 2, 3)),
    ),
    "search-dependence": Drawing(
        searches.partial_dependence,
        "The surrogate's error against each hyperparameter, the others averaged.",
        ("sweeps/thesis-bayes-s1.jsonl",),
    ),
    **{
        f"confusion-{window}": Drawing(
            partial(progress.taken_for, window=window),
            f"Which digits are taken for which under the {window} window, ten seeds added up.",
            ("study/fsdd-index-confusion.csv",),
        )
        for window in ("gaussian", "exponential")
    },
    "speakers": Drawing(
        scores.by_speaker,
        "Accuracy on each speaker who was left out, one dot a seed.",
        ("ablation-fsdd-exponential-loso-runs.csv",),
    ),
    "speakers-windows": Drawing(
        scores.by_speaker_and_window,
        "Accuracy on each speaker who was left out under four windows, one mark a seed.",
        ("study/fsdd-loso-runs.csv",),
    ),
    "ablation": Drawing(
        scores.by_variant,
        "What every change of the default network does to accuracy, paired by seed.",
        ("ablation-fsdd-exponential-runs.csv",),
    ),
    "length": Drawing(
        cost.by_length,
        "Time and memory of training by the trial's length: Eventprop and backpropagation through time.",
        ("bench/length.json",),
    ),
}


def draw(names: Sequence[str], console: Console, folder: Path = FOLDER, published: Path = PUBLISHED) -> dict[str, Path]:
    """Draw figures, each as PNG and PDF; return the PNGs by name.

    Parameters
    ----------
    names : sequence of str
        Which; if empty, all but those that lack a committed result, which are named.
    console : Console
        Where their files are named.
    folder : Path
    published : Path
        Committed results.

    Raises
    ------
    InputError
        If there is no figure of a name, or it lacks a committed result.
    """
    for name in names:
        if name not in DRAWINGS:
            raise InputError(f"there is no figure {name}; did you mean {nearest(name, DRAWINGS)}?")
    made = {}
    for name in names or DRAWINGS:
        drawing = DRAWINGS[name]
        needs = [published / need for need in drawing.needs]
        beside = [published / name for name in drawing.beside]
        missing = next((need for need in [*needs, *beside] if not need.is_file()), None)
        if missing is not None:
            lacks = f"the figure {name} is drawn from {missing}, which is missing"
            if names:
                raise InputError(lacks)
            console.print(f"left out: {lacks}", highlight=False, soft_wrap=True)
            continue
        figure = drawing.draw(*needs)
        for ending in ("pdf", "png"):
            save(figure, folder / f"{name}.{ending}")
        made[name] = folder / f"{name}.png"
        console.print(str(made[name]), highlight=False, soft_wrap=True)
    return made
