"""All figures by name, and where they go."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console

from models.errors import InputError
from pipeline.pictures.save import save
from results.figures import descent, eventprop, membrane, networks, neurons, plasticity, scores, windows
from results.figures.words import spoken

FOLDER = Path("results/figures/made")


@dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes
    ----------
    draw : callable
        Returns it.
    says : str
        What it shows, in a sentence: the text for those who don't see it.
    """

    draw: Callable[[], Figure]
    says: str


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
    "11-descent": Drawing(descent.paths, "Paths of SGD and Adam from four starts into two valleys of the loss."),
    "12-backward": Drawing(networks.backward, "Both weight matrices' gradients as products of a column and a row."),
    "13-stdp": Drawing(plasticity.window, "A synapse grows if its input spikes first, and shrinks if it spikes last."),
    "14-eventprop": Drawing(
        eventprop.forward_and_backward, "Spikes and voltages forward in time, adjoints backward, jumping at the spikes."
    ),
    "speakers": Drawing(scores.by_speaker, "Accuracy on each speaker who was left out, one dot a seed."),
    "ablation": Drawing(
        scores.by_variant, "What every change of the default network does to accuracy, paired by seed."
    ),
    "windows": Drawing(
        lambda: windows.over_words(*spoken()), "Four readout windows over the cochlea's spikes of spoken words."
    ),
}


def draw(names: Sequence[str], console: Console, folder: Path = FOLDER) -> list[Path]:
    """Draw figures, each as PNG and PDF; return the PNGs.

    Parameters
    ----------
    names : sequence of str
        Which; all if empty.
    console : Console
        Where their files are named.
    folder : Path

    Raises
    ------
    InputError
        If there is no figure of a name.
    """
    for name in names:
        if name not in DRAWINGS:
            near = difflib.get_close_matches(name, DRAWINGS, 1, cutoff=0.0)
            raise InputError(f"there is no figure {name}; did you mean {near[0]}?")
    made = []
    for name in names or DRAWINGS:
        figure = DRAWINGS[name].draw()
        for ending in ("pdf", "png"):
            save(figure, folder / f"{name}.{ending}")
        made.append(folder / f"{name}.png")
        console.print(str(made[-1]), highlight=False, soft_wrap=True)
    return made
