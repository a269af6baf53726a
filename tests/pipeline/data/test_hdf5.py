import logging
import os
import subprocess
import sys
import unicodedata

import h5py
import numpy as np
import pytest
import tonic

from models.errors import InputError
from pipeline.data import hdf5, header
from pipeline.data.packing import pack


@pytest.fixture
def heidelberg(tmp_path, write_heidelberg):
    """A file in SHD's format, and its content."""
    rng = np.random.default_rng(3)
    rows = [(np.sort(rng.uniform(0, 1.2, n)), rng.integers(0, 700, n)) for n in (50, 0, 300, 7, 1200)]
    path = tmp_path / "SHD" / "shd_test.h5"
    write_heidelberg(path, rows, [0, 19, 3, 3, 11], [4, 5, 4, 11, 5])
    return path, rows


def same(a, b) -> bool:
    arrays = ("times", "units", "offsets", "labels", "speakers")
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays) and (
        a.classes == b.classes and a.speaker_names == b.speaker_names and a.channels == b.channels
    )


def test_a_file_of_shd_is_read_as_tonic_reads_it(heidelberg):
    path, rows = heidelberg
    data = hdf5.read(path)
    (path.parent / "shd_test.h5.zip").touch()  # what tonic looks for before it downloads
    reference = tonic.datasets.SHD(str(path.parent.parent), train=False)
    assert len(data) == len(reference) == len(rows)
    for i in range(len(data)):
        events, label = reference[i]
        # tonic cuts to whole microseconds
        assert np.abs(data.events(i).times * 1e3 - events["t"]).max(initial=0) <= 1.1
        assert np.array_equal(data.events(i).units, events["x"])
        assert data.labels[i] == label
        assert int(data.speaker_names[data.speakers[i]]) == reference.speaker[i]
    assert [name.encode() for name in data.classes] == reference.classes.tolist()
    assert data.drops.events == 0


def test_float16_seconds_do_not_overflow_in_milliseconds(tmp_path, write_heidelberg):
    rows = [(np.array(times), np.arange(len(times))) for times in ([0.5, 100.0, 60000.0], [0.25], [1.0])]
    write_heidelberg(tmp_path / "x.h5", rows, [0, 0, 0], [0, 0, 0])
    data = hdf5.read(tmp_path / "x.h5")
    assert data.times.tolist() == [500.0, 100_000.0, 60_000_000.0, 250.0, 1000.0]
    assert data.drops.events == 0


@pytest.mark.parametrize("channels", [0, -1, 65_537, 700.5, "many", [700, 1]])
def test_a_number_of_channels_that_units_do_not_fit_is_refused(heidelberg, channels):
    path, _ = heidelberg
    with h5py.File(path, "a") as file:
        file.attrs["channels"] = channels
    with pytest.raises(InputError, match=r"attribute channels = .*, an integer from 1 to 65536 is wanted"):
        hdf5.read(path)


def test_a_name_that_is_no_utf_8_is_refused_as_such(heidelberg):
    path, _ = heidelberg
    with h5py.File(path, "a") as file:
        names = file["extra/keys"][()].astype("S8")
        names[3] = "fünf".encode("latin-1")
        del file["extra/keys"]
        file["extra/keys"] = names
    with pytest.raises(InputError, match=r"/extra/keys has the name b'f\\xfcnf', which is no UTF-8"):
        hdf5.read(path)


def test_what_is_written_is_read_back(tmp_path, make_split):
    data = make_split()
    hdf5.write(tmp_path / "deep" / "er" / "x.h5", data)
    back = hdf5.read(tmp_path / "deep" / "er" / "x.h5")
    assert np.abs(back.times - data.times).max() <= np.spacing(np.float32(900))
    assert same(back, back.select(np.arange(len(data))))
    back_with_given_times = {**vars(back), "times": data.times}
    assert same(data, type(data)(**back_with_given_times))
    assert list((tmp_path / "deep" / "er").iterdir()) == [tmp_path / "deep" / "er" / "x.h5"]


@pytest.mark.parametrize(("examples", "events"), [(3, 1), (1, 1), (1, 4), (3, 0), (3, 3)])
def test_rows_of_one_length_are_still_rows(tmp_path, examples, events):
    row = (np.arange(float(events)), np.arange(events))
    data = pack([row] * examples, [0] * examples, [0] * examples, ["a"], ["x"], source="made")
    hdf5.write(tmp_path / "x.h5", data)
    back = hdf5.read(tmp_path / "x.h5")
    assert back.counts.tolist() == [events] * examples
    assert np.allclose(back.times, data.times)
    assert np.array_equal(back.units, data.units)


def test_tonic_reads_what_is_written(tmp_path, make_split):
    data = make_split()
    hdf5.write(tmp_path / "SHD" / "shd_train.h5", data)
    (tmp_path / "SHD" / "shd_train.h5.zip").touch()
    seen = tonic.datasets.SHD(str(tmp_path), train=True)
    assert len(seen) == len(data)
    for i in (0, 17, len(data) - 1):
        events, label = seen[i]
        assert np.abs(data.events(i).times * 1e3 - events["t"]).max() <= 1.1
        assert np.array_equal(data.events(i).units, events["x"])
        assert label == data.labels[i]
    assert np.array_equal(seen.speaker, data.speakers)
    assert seen.classes.tolist() == [name.encode() for name in data.classes]


def test_drops_channels_and_names_beyond_ascii_survive_writing(tmp_path, write_heidelberg):
    good = np.full(4, 0.4)
    rows = [
        (np.r_[0.3, np.nan, 0.1, -0.5, 0.2, 0.2, good], np.array([1, 2, 3, 4, 700, 65535, 5, 6, 7, 8])),
    ]
    write_heidelberg(tmp_path / "a.h5", rows, [1], [0], keys=["zwölf", "fünf"])
    data = hdf5.read(tmp_path / "a.h5")
    counted = {"not_finite": 1, "negative": 1, "unit_out_of_range": 2, "examples_sorted": 1}
    assert vars(data.drops) == counted
    assert data.units.tolist() == [3, 1, 5, 6, 7, 8]
    hdf5.write(tmp_path / "b.h5", data)
    back = hdf5.read(tmp_path / "b.h5")
    assert vars(back.drops) == counted
    assert back.classes == ("zwölf", "fünf")
    assert back.channels == 700


def test_a_file_without_speakers_has_one_and_text_speakers_are_named(tmp_path, write_heidelberg):
    row = (np.array([0.1]), np.array([1]))
    path = tmp_path / "a.h5"
    write_heidelberg(path, [row, row, row], [0, 1, 0], None)
    data = hdf5.read(path)
    assert data.speaker_names == ("unknown",)
    assert data.speakers.tolist() == [0, 0, 0]
    with h5py.File(path, "a") as file:
        file["extra/speaker"] = np.array([b"0a7c2a8d", b"00176480", b"0a7c2a8d"])
    data = hdf5.read(path)
    assert [data.speaker_names[i] for i in data.speakers] == ["0a7c2a8d", "00176480", "0a7c2a8d"]


def test_names_are_read_in_one_unicode_form(tmp_path, write_heidelberg, caplog):
    row = (np.array([0.1]), np.array([1]))
    path = tmp_path / "a.h5"
    write_heidelberg(path, [row] * 4, [0, 1, 0, 1], None, keys=[unicodedata.normalize("NFD", "fünf"), "Fünf"])
    with h5py.File(path, "a") as file:
        names = [unicodedata.normalize(form, name) for name in ("Zoë", "ann") for form in ("NFC", "NFD")]
        file["extra/speaker"] = np.array([name.encode() for name in names])
    with caplog.at_level(logging.WARNING):
        data = hdf5.read(path)
    assert data.classes == ("fünf", "Fünf")
    assert [data.speaker_names[i] for i in data.speakers] == ["Zoë", "Zoë", "ann", "ann"]
    assert len(data.speaker_names) == 2
    assert "the words 'fünf' and 'Fünf' differ in case only; they count as two" in caplog.text


@pytest.mark.parametrize(
    ("times", "units"), [("<f4", "<u2"), (">f2", ">u2"), (">f4", ">u2"), (">f8", ">i8"), (">f4", "<u4"), ("<f2", ">i4")]
)
def test_rows_of_either_byte_order_are_read_right(heidelberg, times, units):
    path, rows = heidelberg
    expected = hdf5.read(path)
    with h5py.File(path, "a") as file:
        for name, column, kind in (("times", 0, times), ("units", 1, units)):
            del file[f"spikes/{name}"]
            dataset = file.create_dataset(f"spikes/{name}", (len(rows),), dtype=h5py.vlen_dtype(np.dtype(kind)))
            for index, row in enumerate(rows):
                dataset[index] = row[column].astype(np.float16 if column == 0 else np.int64).astype(kind)
        for name in ("labels", "extra/speaker"):
            values = file[name][()]
            del file[name]
            file[name] = values.astype(">u2")
    assert same(hdf5.read(path), expected)


def test_a_file_most_of_whose_events_are_bad_is_refused(tmp_path, write_heidelberg, recwarn):
    row = (np.array([0.1, -0.2, np.nan, np.inf, 0.3]), np.array([5, 6, 7, 8, 700]))
    write_heidelberg(tmp_path / "a.h5", [row, row], [0, 1], None)
    message = refusal(tmp_path / "a.h5")
    assert "8 of 10 events can't be used (4 have a time that is not finite, 2 are before time 0, 2 have" in message
    assert not recwarn.list


def test_times_beyond_float32_are_counted_without_a_warning_of_numpy(tmp_path, heidelberg, recwarn):
    path, rows = heidelberg
    with h5py.File(path, "a") as file:
        del file["spikes/times"]
        times = np.empty(len(rows), dtype=h5py.vlen_dtype(np.float64))
        times[:] = [row[0] for row in rows]
        times[0] = np.r_[times[0][:-2], 1e37, 1e300]
        file["spikes/times"] = times
    assert hdf5.read(path).drops.not_finite == 2
    assert not recwarn.list


def refusal(path) -> str:
    with pytest.raises(InputError) as error:
        hdf5.read(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_no_file_no_content_no_hdf5(tmp_path):
    assert "missing" in refusal(tmp_path / "x.h5")
    assert "missing" in refusal(tmp_path)
    (tmp_path / "x.h5").touch()
    assert "empty" in refusal(tmp_path / "x.h5")
    (tmp_path / "x.h5").write_bytes(b"RIFF this is something else" * 100)
    assert "no HDF5 file" in refusal(tmp_path / "x.h5")


@pytest.mark.parametrize("part", [0.1, 0.5, 0.999])
def test_hdf5_cut_short_is_refused(tmp_path, heidelberg, make_split, part):
    foreign, _ = heidelberg
    own = tmp_path / "own.h5"
    hdf5.write(own, make_split())
    for path in (foreign, own):
        os.truncate(path, int(path.stat().st_size * part))
        assert "cut short" in refusal(path)


def test_any_flipped_byte_of_a_file_written_here_is_noticed(tmp_path, make_split):
    path = tmp_path / "x.h5"
    hdf5.write(path, make_split(examples=5))
    whole = path.read_bytes()
    for place in np.random.default_rng(0).integers(header.SIZE, len(whole), 60):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        message = refusal(path)
        assert "damaged" in message or "no HDF5 file" in message
    path.write_bytes(whole)
    hdf5.read(path)


def test_damage_inside_a_foreign_file_is_refused_or_harmless(heidelberg):
    path, _ = heidelberg
    whole = path.read_bytes()
    start = whole.find(b"GCOL")  # the heap with the rows
    path.write_bytes(whole[:start] + b"XXXX" + whole[start + 4 :])
    assert "damaged" in refusal(path)


@pytest.mark.parametrize("name", ["spikes/times", "spikes/units", "labels", "extra/keys"])
def test_a_missing_dataset_is_named(heidelberg, name):
    path, _ = heidelberg
    with h5py.File(path, "a") as file:
        del file[name]
    assert f"lacks the dataset {name}" in refusal(path)


def replaced(path, name, values, **options) -> str:
    with h5py.File(path, "a") as file:
        del file[name]
        file.create_dataset(name, data=values, **options)
    return refusal(path)


def test_contents_that_do_not_fit_are_refused(heidelberg):
    path, _ = heidelberg
    whole = path.read_bytes()
    message = replaced(path, "labels", np.array([0, 1, 20, 3, 4], dtype=np.uint16))
    assert "example 2 is 20" in message
    assert "0 to 19" in message
    path.write_bytes(whole)
    assert "labels 4" in replaced(path, "labels", np.zeros(4, dtype=np.uint16))
    path.write_bytes(whole)
    assert "4 entries in extra/speaker and 5" in replaced(path, "extra/speaker", np.zeros(4, dtype=np.uint16))
    path.write_bytes(whole)
    rows = np.empty(5, dtype=object)
    rows[:] = [np.zeros(n, dtype=np.uint16) for n in (50, 0, 299, 7, 1200)]
    message = replaced(path, "spikes/units", rows, dtype=h5py.vlen_dtype(np.uint16))
    assert "example 2 has 300 times and 299 units" in message
    path.write_bytes(whole)
    assert "rows of variable length" in replaced(path, "spikes/times", np.zeros(5))


def test_a_full_disk_leaves_the_former_file_and_nothing_else(tmp_path, make_split):
    path = tmp_path / "x.h5"
    small = make_split(examples=4)
    hdf5.write(path, small)
    # A limit on the size of files replaces the full disk: writing fails halfway, too.
    program = (
        "import resource, signal, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from pipeline.data import hdf5\n"
        "from pipeline.data.packing import pack\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "row = (np.arange(20000.0), np.arange(20000) % 700)\n"
        "big = pack([row] * 20, [0] * 20, [0] * 20, 'a', 'b', source='x')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    hdf5.write(Path(sys.argv[1]), big)\n"
        "except OSError as error:\n"
        "    print('refused', error.errno)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("refused")
    assert list(tmp_path.iterdir()) == [path]
    assert len(hdf5.read(path)) == len(small)
