import numpy as np

from pipeline.console import Console
from pipeline.data.container import Drops, SpikeData
from pipeline.data.datasets import Dataset
from pipeline.data.packing import pack
from pipeline.data.summary import render, summarise, summarise_split


def made(counts, labels, speakers, names=("ann", "bob", "cem"), **bad) -> SpikeData:
    rows = [(np.arange(float(n)), np.zeros(n, dtype=int)) for n in counts]
    if bad:
        rows[0] = (np.array([5.0, np.nan, -1.0, 3.0, 4.0]), np.array([1, 1, 1, 1, 700]))
    return pack(rows, labels, speakers, ("yes", "no"), names, source="made")


def shown(renderable) -> str:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(renderable)
    return console.export_text()


def test_counts_of_examples_events_and_drops():
    data = made([5, 2, 9, 4], [0, 1, 1, 1], [0, 0, 2, 2], bad=True)
    summary = summarise_split(data)
    assert summary.examples == 4
    assert summary.by_class == {"yes": 1, "no": 3}
    assert summary.by_speaker == {"ann": 2, "bob": 0, "cem": 2}
    events = (summary.events_min, summary.events_median, summary.events_mean, summary.events_max)
    assert events == (2, 3, 17 / 4, 9)
    assert summary.last_event_ms == 8
    assert summary.drops == Drops(not_finite=1, negative=1, unit_out_of_range=1, examples_sorted=1)


def test_a_split_of_no_examples_has_counts_of_0():
    summary = summarise_split(made([], [], []))
    assert summary.examples == summary.events_max == summary.last_event_ms == 0


def test_the_rendering_shows_every_split_class_speaker_and_drop():
    train = made([5, 2000, 900], [0, 1, 1], [0, 1, 1], bad=True)
    test = made([3], [0], [2])
    dataset = Dataset("toy", train, test, validation=test)
    text = shown(render("toy", summarise(dataset)))
    for word in ("toy", "train", "validation", "test", "yes", "no", "ann", "bob", "cem", "2,000"):
        assert word in text
    assert "train: 3 events dropped (1 with a time that is not finite, 1 before time 0, 1 with a channel" in text
    assert "test: no events dropped" in text


def test_examples_without_events_are_told_of():
    dataset = Dataset("toy", made([0, 2, 0, 4], [0, 1, 1, 1], [0, 0, 2, 2]), made([3], [0], [2]))
    text = shown(render("toy", summarise(dataset)))
    assert "train: 2 of 4 examples have no events" in text
    assert "test: 0 of" not in text


def test_of_very_many_speakers_only_the_number_is_shown():
    names = tuple(f"speaker{i}" for i in range(1864))
    dataset = Dataset("ssc", made([1, 1], [0, 1], [0, 1863], names), made([1], [0], [5], names))
    text = shown(render("ssc", summarise(dataset)))
    assert "1864 speakers (train 2, test 1)" in text
    assert "speaker1863" not in text
