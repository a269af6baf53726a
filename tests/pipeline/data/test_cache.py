import logging
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from models.errors import InputError
from pipeline.data import cache, hdf5
from pipeline.data.cache import cache_folder, cached


class Builder:
    """Makes a split and counts how often."""

    def __init__(self, data):
        self.data = data
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.data


@pytest.fixture
def builder(make_split):
    return Builder(make_split())


def the_file():
    return cache_folder() / "words" / "abc.h5"


def content(data) -> list[bytes]:
    return [part.tobytes() for part in (data.times, data.units, data.offsets, data.labels, data.speakers)]


def test_built_once_and_the_same_to_the_bit_ever_after(builder):
    first = cached("words", "abc", builder)
    second = cached("words", "abc", builder)
    assert builder.calls == 1
    assert content(first) == content(second)
    assert np.allclose(first.times, builder.data.times)
    cached("words", "abd", builder)
    assert builder.calls == 2


def test_the_folder_is_data_unless_the_environment_names_another(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("SPOKEN_SPIKES_CACHE")
    assert str(cache_folder()) == "data"


def flipped(path, place):
    whole = bytearray(path.read_bytes())
    whole[place] ^= 1
    path.write_bytes(whole)


def renamed(path):
    os.replace(path, path.with_name("abc.h5"))


DAMAGE = {
    "a bit of the head": lambda path: flipped(path, 20),
    "a bit of the padding": lambda path: flipped(path, 500),
    "a bit of the superblock": lambda path: flipped(path, 530),
    "a bit of the middle": lambda path: flipped(path, path.stat().st_size // 2),
    "the last bit": lambda path: flipped(path, -1),
    "cut short": lambda path: os.truncate(path, path.stat().st_size - 1),
    "cut to the head": lambda path: os.truncate(path, 512),
    "emptied": lambda path: os.truncate(path, 0),
    "appended to": lambda path: path.write_bytes(path.read_bytes() + b"x"),
    "something else": lambda path: path.write_bytes(b"not a cache at all" * 1000),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_cache_is_noticed_and_rebuilt(builder, what, caplog):
    first = cached("words", "abc", builder)
    DAMAGE[what](the_file())
    with caplog.at_level(logging.WARNING):
        again = cached("words", "abc", builder)
    assert builder.calls == 2
    assert content(first) == content(again)
    assert len(caplog.records) == 1
    assert "built anew" in caplog.text
    cached("words", "abc", builder)
    assert builder.calls == 2


def test_a_cache_of_another_key_or_format_is_stale(builder, make_split, monkeypatch, caplog):
    cached("words", "other", Builder(make_split(seed=9)))
    os.replace(the_file().with_name("other.h5"), the_file())
    kept = cached("words", "abc", builder)
    assert builder.calls == 1
    assert "stale" in caplog.text
    assert np.array_equal(kept.units, builder.data.units)
    monkeypatch.setattr(hdf5, "FORMAT_VERSION", hdf5.FORMAT_VERSION + 1)
    cached("words", "abc", builder)
    assert builder.calls == 2
    assert "version" in caplog.text
    cached("words", "abc", builder)
    assert builder.calls == 2


def test_a_cache_that_can_not_be_written_is_said_in_one_sentence(builder, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SPOKEN_SPIKES_CACHE", str(tmp_path / "file"))
    with pytest.raises(InputError, match=r"can't be written .* SPOKEN_SPIKES_CACHE"):
        cached("words", "abc", builder)


def test_an_error_of_the_builder_leaves_nothing(builder):
    def fails():
        raise KeyError("no such voice")

    with pytest.raises(KeyError):
        cached("words", "abc", fails)
    assert not the_file().exists()


@pytest.mark.parametrize("name", ["", "..", "a/b", "/tmp", ".hidden"])
def test_names_that_lead_elsewhere_are_refused(builder, name):
    with pytest.raises(ValueError, match="not valid as names"):
        cached("words", name, builder)


BUILD = """
import sys, numpy as np
from pipeline.data import cache, hdf5, atomic
from pipeline.data.packing import pack
rng = np.random.default_rng(int(sys.argv[1]))
rows = [(np.sort(rng.uniform(0, 900, 3000)), rng.integers(0, 700, 3000)) for _ in range(100)]
built = pack(rows, [0] * 100, [0] * 100, "a", "b", source="x")
print("ready", flush=True)
"""

# Writes half of the file and waits to be killed.
KILLED = """
import time
whole = atomic.write_atomically
def halting(path, parts):
    def slowly():
        for part in parts:
            yield part[: len(part) // 2]
            print("halfway", flush=True)
            time.sleep(60)
    whole(path, slowly())
hdf5.write_atomically = halting
cache.cached("words", "abc", lambda: built)
"""

# All processes write the same key repeatedly, and every read must find a complete file.
RACING = """
import time
sys.stdin.readline()
path = cache.cache_folder() / "words" / "abc.h5"
for _ in range(12):
    hdf5.write(path, built, key="abc")
    assert len(cache.cached("words", "abc", lambda: sys.exit("a whole file was not there"))) == 100
"""


def start(program: str, seed: int) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD + program, str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return process


def test_a_builder_killed_while_writing_leaves_no_cache_and_its_remains_are_cleared(builder, monkeypatch):
    process = start(KILLED, 0)
    assert process.stdout.readline() == "ready\n"
    assert process.stdout.readline() == "halfway\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    left = list(the_file().parent.iterdir())
    assert [path.suffix for path in left] == [".part"]
    an_hour_ago = time.time() - 3700
    os.utime(left[0], (an_hour_ago, an_hour_ago))
    assert np.array_equal(cached("words", "abc", builder).units, builder.data.units)
    assert builder.calls == 1
    assert list(the_file().parent.iterdir()) == [the_file()]


def test_a_file_replaced_while_it_is_read_is_read_as_it_was(builder, make_split, monkeypatch):
    before = content(cached("words", "abc", builder))
    read_header = hdf5.header.read

    def replaced_right_after(file):
        found = read_header(file)
        hdf5.write(the_file(), make_split(seed=1), key="abc")
        return found

    with monkeypatch.context() as patched:
        patched.setattr(hdf5.header, "read", replaced_right_after)
        assert content(hdf5.read(the_file())) == before
    assert content(hdf5.read(the_file())) != before


def test_concurrent_builders_do_not_harm_each_other():
    processes = [start(RACING, seed) for seed in (1, 2)]
    assert all(process.stdout.readline() == "ready\n" for process in processes)
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert list(the_file().parent.iterdir()) == [the_file()]
    assert cache.cached("words", "abc", lambda: pytest.fail("not there")).offsets[-1] == 300_000
