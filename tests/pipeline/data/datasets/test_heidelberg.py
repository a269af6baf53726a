import contextlib
import hashlib
import http.server
import threading
import zipfile
from functools import partial

import numpy as np
import pytest
import tonic

from models.errors import InputError
from pipeline.data.datasets import load

# As in SHD: speakers 4 and 5 are in the test split only.
SHD_SPLITS = {"train": [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 0, 3], "test": [4, 5, 4, 5, 3, 11, 7]}
SSC_SPLITS = {"train": [0, 3, 17, 120, 3, 5], "valid": [2, 9], "test": [1, 1500, 4]}
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Let every download fail at once, with or without a network."""
    monkeypatch.setattr(tonic.datasets.hsd.HSD, "base_url", NOWHERE)


@pytest.fixture
def write_set(write_heidelberg):
    """Return a function that writes all splits of a set and returns their labels."""

    def write(folder, name, splits, classes):
        rng = np.random.default_rng(len(classes))
        labels = {}
        for split, speakers in splits.items():
            rows = [
                (np.sort(rng.uniform(0, 1.3, n)), rng.integers(0, 700, n)) for n in rng.integers(1, 90, len(speakers))
            ]
            labels[split] = rng.integers(0, len(classes), len(speakers)).tolist()
            write_heidelberg(folder / f"{name}_{split}.h5", rows, labels[split], speakers, keys=classes)
        return labels

    return write


@pytest.fixture
def words():
    return [f"word{i}" for i in range(20)]


@pytest.mark.parametrize("layout", ["", "SHD"])
def test_an_existing_folder_of_shd_is_read_without_a_network(tmp_path, write_set, words, layout):
    labels = write_set(tmp_path / layout, "shd", SHD_SPLITS, words)
    shd = load("shd", tmp_path)
    assert shd.name == "shd"
    assert shd.validation is None
    assert list(shd.splits) == ["train", "test"]
    for split, speakers in SHD_SPLITS.items():
        data = shd.splits[split]
        assert data.labels.tolist() == labels[split]
        assert [int(data.speaker_names[i]) for i in data.speakers] == speakers
        assert data.classes == tuple(words)
        assert data.speaker_names == tuple(str(i) for i in range(12))
    only_test = set(shd.test.speakers.tolist()) - set(shd.train.speakers.tolist())
    assert {shd.test.speaker_names[i] for i in only_test} == {"4", "5"}


def test_tonic_gives_the_same_examples_of_the_same_files(tmp_path, write_set, words):
    write_set(tmp_path / "SHD", "shd", SHD_SPLITS, words)
    write_set(tmp_path / "SSC", "ssc", SSC_SPLITS, words)
    for zipped in ("SHD/shd_train", "SHD/shd_test", "SSC/ssc_train", "SSC/ssc_valid", "SSC/ssc_test"):
        (tmp_path / f"{zipped}.h5.zip").touch()
    shd, ssc = load("shd", tmp_path), load("ssc", tmp_path)
    assert ssc.validation is not None
    for ours, theirs in (
        (shd.train, tonic.datasets.SHD(str(tmp_path), train=True)),
        (shd.test, tonic.datasets.SHD(str(tmp_path), train=False)),
        (ssc.train, tonic.datasets.SSC(str(tmp_path), split="train")),
        (ssc.validation, tonic.datasets.SSC(str(tmp_path), split="valid")),
        (ssc.test, tonic.datasets.SSC(str(tmp_path), split="test")),
    ):
        assert len(ours) == len(theirs)
        for i, (events, label) in enumerate(theirs):
            if i == len(ours):
                break
            assert label == ours.labels[i]
            assert np.array_equal(events["x"], ours.events(i).units)
            assert np.abs(events["t"] - ours.events(i).times * 1e3).max() <= 1.1


def test_speakers_of_ssc_are_numbered_alike_in_its_three_splits(tmp_path, write_set):
    write_set(tmp_path, "ssc", SSC_SPLITS, [f"w{i}" for i in range(35)])
    ssc = load("ssc", tmp_path)
    assert ssc.train.speaker_names == ssc.test.speaker_names == ssc.validation.speaker_names
    assert ssc.train.speaker_names == ("0", "1", "2", "3", "4", "5", "9", "17", "120", "1500")
    for split, data in (("train", ssc.train), ("valid", ssc.validation), ("test", ssc.test)):
        assert [int(data.speaker_names[i]) for i in data.speakers] == SSC_SPLITS[split]


def test_without_a_root_the_folder_of_the_caches_is_looked_through(tmp_path, monkeypatch, write_set, words):
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(tmp_path))
    write_set(tmp_path / "SHD", "shd", SHD_SPLITS, words)
    assert len(load("shd").train) == 12


def zipped_into(folder, source, splits, monkeypatch, cls):
    """Zip the files of a folder, and let tonic's class expect just these archives."""
    folder.mkdir(parents=True, exist_ok=True)
    for split in splits:
        archive = folder / getattr(cls, f"{split}_zip")
        with zipfile.ZipFile(archive, "w") as file:
            file.write(source / archive.name.removesuffix(".zip"), archive.name.removesuffix(".zip"))
        monkeypatch.setattr(cls, f"{split}_md5", hashlib.md5(archive.read_bytes()).hexdigest())


@pytest.mark.parametrize("layout", ["", "SHD"])
def test_archives_that_lie_there_are_checked_and_unpacked_without_a_network(
    tmp_path, monkeypatch, write_set, words, layout
):
    write_set(tmp_path / "made", "shd", SHD_SPLITS, words)
    root = tmp_path / "root"
    zipped_into(root / layout, tmp_path / "made", SHD_SPLITS, monkeypatch, tonic.datasets.SHD)
    assert len(load("shd", root).test) == 7
    assert sorted(path.name for path in (root / "SHD").glob("*.h5")) == ["shd_test.h5", "shd_train.h5"]
    # An archive with another checksum is downloaded again, which fails here.
    (root / "SHD" / "shd_test.h5").unlink()
    (root / layout / "shd_test.h5.zip").write_bytes(b"half an archive")
    with pytest.raises(InputError, match=r"shd_test\.h5 is missing and can't be had"):
        load("shd", root)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextlib.contextmanager
def served(folder):
    """Serve a folder on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_what_is_not_there_is_downloaded_checked_and_then_kept(tmp_path, monkeypatch, write_set, words, capfd):
    write_set(tmp_path / "made", "shd", SHD_SPLITS, words)
    zipped_into(tmp_path / "web", tmp_path / "made", SHD_SPLITS, monkeypatch, tonic.datasets.SHD)
    with served(tmp_path / "web") as address:
        monkeypatch.setattr(tonic.datasets.hsd.HSD, "base_url", address)
        assert len(load("shd", tmp_path / "root", progress=False).train) == 12
        assert capfd.readouterr() == ("", "")
        # Another file at the archive's address.
        (tmp_path / "web" / "shd_train.h5.zip").write_bytes(b"Service temporarily unavailable")
        with pytest.raises(InputError, match=r"checksum .* put shd_train\.h5 into"):
            load("shd", tmp_path / "root2", progress=False)
    assert not list((tmp_path / "root2").rglob("*.h5"))
    monkeypatch.setattr(tonic.datasets.hsd.HSD, "base_url", NOWHERE)
    assert len(load("shd", tmp_path / "root").train) == 12
    # tonic's own class finds the downloaded files.
    assert len(tonic.datasets.SHD(str(tmp_path / "root"), train=False)) == 7


def test_an_archive_without_the_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "SHD").mkdir()
    archive = tmp_path / "SHD" / "shd_train.h5.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("readme.txt", "nothing else")
    monkeypatch.setattr(tonic.datasets.SHD, "train_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    with pytest.raises(InputError, match=r"doesn't hold shd_train\.h5"):
        load("shd", tmp_path)


def test_splits_that_do_not_belong_together_or_hold_nothing_are_refused(tmp_path, write_set, write_heidelberg, words):
    write_set(tmp_path, "shd", SHD_SPLITS, words)
    write_heidelberg(tmp_path / "shd_test.h5", [], [], [], keys=words)
    with pytest.raises(InputError, match=r"shd_test\.h5 holds no examples"):
        load("shd", tmp_path)
    write_set(tmp_path, "shd", {"test": [4]}, words[::-1])
    with pytest.raises(InputError, match=r"shd_test\.h5 has other classes"):
        load("shd", tmp_path)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("shdd", {}, "no data set 'shdd'; did you mean 'shd'"),
        ("timit", {}, "no data set 'timit'; there are asc, audio, digits"),
        ("shd", {"progres": False}, "no option 'progres'; did you mean 'progress'"),
        ("ssc", {"voices": 3}, "no option 'voices'; there are progress"),
    ],
)
def test_wrong_names_are_answered_with_the_right_ones(name, options, message):
    with pytest.raises(InputError, match=message):
        load(name, None, **options)
