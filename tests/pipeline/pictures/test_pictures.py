import io
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import image
from matplotlib.colors import to_hex

from models.losses import softmax
from models.recording import Recording as NetworkRecording
from models.recording import Spikes
from models.windows import Gaussian
from pipeline.audio import Recording
from pipeline.events import Events
from pipeline.pictures.confusion import confusion
from pipeline.pictures.example import classification, raster
from pipeline.pictures.learning_curve import best_epoch, learning_curve
from pipeline.pictures.save import DPI, save
from pipeline.pictures.style import VERMILLION

CLASSES = tuple(f"word{i}" for i in range(7))
STEPS = 50
DT = 2.0
WINDOW = Gaussian().table(STEPS)
EVENTS = Events(np.array([0.5, 30.0, 99.0, 101.0], np.float32), np.array([3, 699, 0, 5], np.uint16))


def inside(spikes: int = 40, layers: tuple[int, ...] = (16,), classes: int = len(CLASSES)) -> NetworkRecording:
    """Return the recording of a network whose outputs spike, too, as with the first-spike loss."""
    rng = np.random.default_rng(0)
    names = ["hidden"] if len(layers) == 1 else [f"hidden{i + 1}" for i in range(len(layers))]
    sizes = {**dict(zip(names, layers, strict=True)), "output": classes}
    voltages = {name: rng.normal(size=(STEPS, n)).cumsum(axis=0).astype(np.float32) for name, n in sizes.items()}
    fired = {
        name: Spikes(np.sort(rng.integers(0, STEPS, spikes)) * DT, rng.integers(0, n, spikes).astype(np.int32))
        for name, n in sizes.items()
    }
    logits = (voltages["output"] * WINDOW[:, None]).mean(axis=0, dtype=np.float64)
    return NetworkRecording(DT, logits, fired, voltages)


def metrics(accuracies, losses=None, splits=("train", "validation")) -> pd.DataFrame:
    losses = losses or [1.0] * len(accuracies)
    rows = [
        {"epoch": e, "split": s, "loss": x, "accuracy": a, "rate": 3.0 + e, "silent": 0.5 / e}
        for e, (a, x) in enumerate(zip(accuracies, losses, strict=True), 1)
        for s in splits
    ]
    return pd.DataFrame(rows)


ODD = ("a$b$c", "$x^{$", "_unknown_", r"\alpha", r"\$", "%d", "$")
"""Words that Matplotlib would take for formulas, or leave out of a legend."""


def drawn(figure) -> None:
    figure.savefig(io.BytesIO(), format="png")


def points(axes):
    return np.asarray(axes.collections[0].get_offsets())


@pytest.mark.parametrize("classes", [2, 20, 35])
def test_confusion_writes_every_count_in_its_cell_and_colours_by_row(classes):
    counts = np.random.default_rng(1).poisson(2, (classes, classes))
    counts[0] = 0
    axes = confusion(counts, [f"w{i}" for i in range(classes)]).axes[0]
    written = np.zeros_like(counts)
    for text in axes.texts:
        column, row = (int(position) for position in text.get_position())
        written[row, column] = int(text.get_text() or 0)
        assert (text.get_text() == "") == (counts[row, column] == 0)
    np.testing.assert_array_equal(written, counts)
    rows = np.asarray(axes.collections[0].get_array()).reshape(counts.shape).sum(axis=1)
    np.testing.assert_allclose(rows, counts.sum(axis=1) > 0)
    assert [label.get_text() for label in axes.get_yticklabels()] == [f"w{i}" for i in range(classes)]


def test_confusion_states_how_many_are_correct():
    assert confusion([[3, 1], [0, 2]], ["yes", "no"]).axes[0].get_title() == "5 of 6 correct (83.3%)"


def test_no_two_names_or_counts_of_twenty_classes_overlap():
    figure = confusion(np.full((20, 20), 888), ["sieben"] * 20)
    drawn(figure)
    axes = figure.axes[0]
    for texts in (axes.texts[:40], axes.get_xticklabels(), axes.get_yticklabels()):
        boxes = [text.get_window_extent() for text in texts]
        assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_learning_curve_shows_each_split_of_each_quantity():
    table = metrics([0.1, 0.6, 0.5])
    figure = learning_curve(table)
    for axes, column in zip(figure.axes, ("loss", "accuracy", "rate", "silent"), strict=True):
        for split in ("train", "validation"):
            line = next(line for line in axes.lines if line.get_label() == split)
            rows = table[table["split"] == split]
            np.testing.assert_array_equal(line.get_xdata(), rows["epoch"])
            np.testing.assert_array_equal(line.get_ydata(), rows[column])
        assert axes.lines[-1].get_xdata() == [2, 2]
    assert "best epoch: 2" in [text.get_text() for text in figure.legends[0].get_texts()]


@pytest.mark.parametrize(
    ("table", "best"),
    [
        (metrics([0.1, 0.6, 0.5]), 2),
        (metrics([0.6, 0.6, 0.6], [1.0, 0.8, 0.9]), 2),
        (metrics([0.6, 0.6, 0.6]), 1),
        (metrics([0.6, 0.9, 0.5], splits=("train",)), 3),
    ],
)
def test_best_epoch_is_the_one_that_training_keeps(table, best):
    assert best_epoch(table) == best


def test_learning_curve_of_one_epoch_is_not_empty():
    figure = learning_curve(metrics([0.1]))
    drawn(figure)
    assert figure.axes[0].lines[0].get_marker() == "."


def test_raster_shows_the_events_of_the_trial_the_spikes_the_voltages_and_the_window():
    recording = inside()
    figure = raster(EVENTS, recording, WINDOW, CLASSES, DT, "word3, by ann")
    events, hidden, outputs, shade = figure.axes
    np.testing.assert_allclose(points(events), np.column_stack(EVENTS)[:3])
    spikes = recording.spikes["hidden"]
    np.testing.assert_allclose(points(hidden), np.column_stack([spikes.times, spikes.neurons]))
    assert hidden.get_ylim() == (-1, 16)
    shown = {tuple(line.get_ydata()) for line in outputs.lines}
    assert shown == {tuple(v) for v in recording.voltages["output"].T}
    assert shade.collections[0].get_paths()[0].vertices[:, 1].max() == pytest.approx(WINDOW.max())
    assert figure.axes[0].get_xlim() == (0, STEPS * DT)


def test_layers_are_stacked_and_their_neurons_numbered_on():
    recording = inside(layers=(16, 5, 9))
    hidden = raster(EVENTS, recording, WINDOW, CLASSES, DT, "word3").axes[1]
    first, second, third = (recording.spikes[f"hidden{i}"].neurons for i in (1, 2, 3))
    np.testing.assert_array_equal(points(hidden)[:, 1], np.concatenate([first, second + 16, third + 21]))
    assert [line.get_ydata()[0] for line in hidden.lines] == [15.5, 20.5]
    assert hidden.get_ylim() == (-1, 30)


def test_the_answer_stands_out_and_the_title_has_its_probability():
    recording = inside()
    answer = int(recording.logits.argmax())
    probability = softmax(recording.logits[None])[0, answer]
    figure = raster(EVENTS, recording, WINDOW, CLASSES, DT, "word3, by ann")
    outputs = figure.axes[2]
    thickest = max(outputs.lines, key=lambda line: line.get_linewidth())
    np.testing.assert_array_equal(thickest.get_ydata(), recording.voltages["output"][:, answer])
    assert to_hex(thickest.get_color()).upper() == VERMILLION
    assert figure.get_suptitle() == f"spoken: word3, by ann; answer: word{answer} (probability {probability:.2f})"
    labels = [text.get_text() for text in outputs.get_legend().get_texts()]
    assert labels[0] == f"word{answer} {probability:.2f}"
    assert len(labels) == 6


def test_classification_shows_the_sound_in_the_same_time_as_the_spikes():
    samples = np.sin(np.arange(800) / 3)
    figure = classification(Recording(samples, 8000, Path("a/b.wav")), EVENTS, inside(), WINDOW, CLASSES, DT)
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_xdata(), np.arange(800) / 8)
    np.testing.assert_array_equal(line.get_ydata(), samples)
    assert {axes.get_xlim() for axes in figure.axes[:4]} == {(0, STEPS * DT)}
    assert figure.axes[3].get_xlabel() == "time (ms)"
    assert figure.get_suptitle().startswith("b.wav: word")
    assert figure.axes[0].get_title(loc="right") == ""


def test_classification_says_what_of_a_recording_the_network_never_sees():
    figure = classification(Recording(np.ones(8000), 8000, Path("b.wav")), EVENTS, inside(), WINDOW, CLASSES, DT)
    assert figure.axes[0].get_title(loc="right") == "900 ms of the recording lie beyond the trial"
    assert figure.axes[0].lines[0].get_xdata().max() < STEPS * DT


def test_nothing_to_show_is_shown_as_nothing():
    silent = inside(spikes=0)
    nothing = Events(np.empty(0, np.float32), np.empty(0, np.uint16))
    figure = classification(Recording(np.zeros(10), 8000, Path("b.wav")), nothing, silent, WINDOW, CLASSES, DT)
    drawn(figure)
    assert len(points(figure.axes[1])) == len(points(figure.axes[2])) == 0


def test_two_classes_have_two_lines():
    assert len(raster(EVENTS, inside(classes=2), WINDOW, CLASSES[:2], DT, "word0").axes[2].lines) == 2


def test_saving_twice_gives_the_same_bytes(tmp_path):
    figures = [raster(EVENTS, inside(), WINDOW, CLASSES, DT, "word3") for _ in range(2)]
    for i, figure in enumerate(figures):
        save(figure, tmp_path / "new" / f"{i}.png")
    assert (tmp_path / "new" / "0.png").read_bytes() == (tmp_path / "new" / "1.png").read_bytes()
    assert image.imread(tmp_path / "new" / "0.png").shape[1] == round(figures[0].get_figwidth() * DPI)


def test_drawing_leaves_the_style_of_others_alone():
    before = dict(mpl.rcParams)
    drawn(confusion([[1]], ["only"]))
    assert dict(mpl.rcParams) == before


@pytest.mark.filterwarnings("error")
def test_words_and_file_names_are_drawn_as_they_are() -> None:
    audio = Recording(np.sin(np.arange(800)), 8000, Path("a$\\frac{$ b.wav"))
    figure = classification(audio, EVENTS, inside(), WINDOW, ODD, DT)
    drawn(figure)
    assert figure.get_suptitle().replace(r"\$", "$").startswith(r"a$\frac{$ b.wav: ")
    shown = [text.get_text().strip().replace(r"\$", "$") for text in figure.axes[-2].get_legend().get_texts()]
    assert len(shown) == 6
    matrix = confusion(np.eye(len(ODD), dtype=int), ODD)
    drawn(matrix)
    ticks = [label.get_text().strip() for label in matrix.axes[0].get_xticklabels()]
    assert tuple(tick.replace(r"\$", "$") for tick in ticks) == ODD
