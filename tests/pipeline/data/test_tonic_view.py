import numpy as np
import pytest
import tonic

from pipeline.data import hdf5
from pipeline.data.tonic_view import TonicDataset


def test_examples_look_as_tonics_own_class_gives_them(tmp_path, make_split):
    hdf5.write(tmp_path / "SHD" / "shd_train.h5", make_split())
    (tmp_path / "SHD" / "shd_train.h5.zip").touch()
    theirs = tonic.datasets.SHD(str(tmp_path), train=True)
    ours = TonicDataset(hdf5.read(tmp_path / "SHD" / "shd_train.h5"))
    assert len(ours) == len(theirs)
    assert ours.sensor_size == theirs.sensor_size
    assert ours.ordering == theirs.ordering
    assert ours.dtype == theirs.dtype
    assert [name.encode() for name in ours.classes] == theirs.classes.tolist()
    assert np.array_equal(ours.speaker, theirs.speaker)
    for i in range(len(ours)):
        (events, label), (reference, target) = ours[i], theirs[i]
        assert events.dtype == reference.dtype
        assert np.abs(events["t"] - reference["t"]).max() <= 1  # tonic cuts where we round
        assert np.array_equal(events["x"], reference["x"])
        assert np.array_equal(events["p"], reference["p"])
        assert label == target


def test_tonics_transforms_are_accepted(make_split):
    data = make_split()
    transform = tonic.transforms.Compose(
        [
            tonic.transforms.CropTime(max=500_000),
            tonic.transforms.ToFrame((700, 1, 1), time_window=10_000, start_time=0, end_time=500_000),
        ]
    )
    view = TonicDataset(data, transform, target_transform=lambda label: label + 100)
    frames, label = view[3]
    times, units = data.events(3)
    assert frames.shape == (50, 1, 700)
    within = times * 1e3 <= 500_000
    assert np.array_equal(frames.sum(axis=(0, 1)), np.bincount(units[within], minlength=700))
    assert label == data.labels[3] + 100


def test_it_is_a_sequence_and_its_arrays_are_its_own(make_split):
    data = make_split(examples=5)
    view = TonicDataset(data)
    assert [label for _, label in view] == data.labels.tolist()
    assert np.array_equal(view[-1][0], view[4][0])
    with pytest.raises(IndexError):
        view[5]
    before = data.units.copy()
    view[0][0]["x"] += 1
    assert np.array_equal(data.units, before)
