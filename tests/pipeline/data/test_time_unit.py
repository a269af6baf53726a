"""Times in another unit than seconds are recognised when a file is read."""

import logging

import numpy as np
import pytest

from models.errors import InputError
from pipeline.data import hdf5


def write(write_heidelberg, path, scale):
    rng = np.random.default_rng(1)
    rows = [(np.sort(rng.uniform(0, 0.9, 50)) * scale, rng.integers(0, 700, 50)) for _ in range(5)]
    write_heidelberg(path, rows, [0] * 5, [0] * 5, dtype=np.float64)


@pytest.mark.parametrize(
    ("scale", "said"),
    [(1e3, "milliseconds; divide them by 1,000"), (1e6, "time steps or microseconds; divide them by 1,000,000"),
     (1e9, "nanoseconds; divide them by 1,000,000,000"), (1e14, "another unit")],
)  # fmt: skip
def test_times_that_are_no_seconds_are_refused_with_their_unit(tmp_path, write_heidelberg, scale, said):
    write(write_heidelberg, tmp_path / "x.h5", scale)
    with pytest.raises(InputError) as refused:
        hdf5.read(tmp_path / "x.h5")
    assert str(refused.value).endswith(f"seconds are wanted, and these look like {said}.")
    assert str(refused.value).startswith(f"{tmp_path / 'x.h5'}: if its times are seconds, the median example lasts ")


def test_seconds_are_read_without_a_word_and_times_far_too_short_with_one(tmp_path, write_heidelberg, caplog):
    write(write_heidelberg, tmp_path / "x.h5", 1.0)
    write(write_heidelberg, tmp_path / "y.h5", 1e-3)
    with caplog.at_level(logging.WARNING):
        hdf5.read(tmp_path / "x.h5")
        assert not caplog.records
        hdf5.read(tmp_path / "y.h5")
    assert "the longest example lasts 0.899 ms, too short for a word" in caplog.text
