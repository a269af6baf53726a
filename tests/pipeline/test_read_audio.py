"""Reading recordings: the result, and the sentence for every kind of bad file."""

import struct

import numpy as np
import pytest
import soundfile

from models.errors import InputError
from pipeline.audio import MAX_SECONDS, SILENCE_PEAK, read_audio

RATE = 16000


def tone(seconds=0.5, rate=RATE, frequency=440.0):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def write(path, samples, rate=RATE, **options):
    soundfile.write(path, samples, rate, **options)
    return path


def refusal(path):
    with pytest.raises(InputError) as caught:
        read_audio(path)
    message = str(caught.value)
    assert str(path) in message
    assert message.endswith(".")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000])
@pytest.mark.parametrize(("suffix", "subtype"), [(".wav", "PCM_16"), (".wav", "FLOAT"), (".flac", "PCM_16")])
def test_samples_and_rate_come_back(tmp_path, rate, suffix, subtype):
    samples = tone(rate=rate)
    recording = read_audio(write(tmp_path / f"a{suffix}", samples, rate, subtype=subtype))
    assert recording.rate == rate
    assert recording.samples.dtype == np.float64
    assert recording.seconds == pytest.approx(0.5, abs=1 / rate)
    np.testing.assert_allclose(recording.samples, samples, atol=1 / 32768)


def test_channels_are_mixed_to_their_mean(tmp_path):
    left, right = tone(), tone(frequency=700.0)
    recording = read_audio(write(tmp_path / "a.wav", np.stack([left, right], axis=1), subtype="DOUBLE"))
    np.testing.assert_allclose(recording.samples, (left + right) / 2)


def test_the_path_may_be_text(tmp_path):
    assert read_audio(str(write(tmp_path / "a.wav", tone()))).path == tmp_path / "a.wav"


def test_missing(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.wav")


def test_folder(tmp_path):
    assert "is a folder" in refusal(tmp_path)


def test_no_bytes(tmp_path):
    path = tmp_path / "a.wav"
    path.touch()
    assert "empty (0 bytes)" in refusal(path)


def test_no_frames(tmp_path):
    assert "0 frames" in refusal(write(tmp_path / "a.wav", np.zeros(0)))


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_cut_short(tmp_path, suffix, share):
    path = write(tmp_path / f"a{suffix}", np.random.default_rng(0).normal(0, 0.1, 4 * RATE))
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    message = refusal(path)
    assert "truncated" in message or "damaged" in message
    if suffix == ".wav":
        assert "truncated" in message


def test_wav_cut_within_its_header(tmp_path):
    path = write(tmp_path / "a.wav", tone())
    path.write_bytes(path.read_bytes()[:20])
    assert "damaged" in refusal(path)


@pytest.mark.parametrize(("kind", "endian"), [("WAV", "BIG"), ("WAVEX", "FILE"), ("RF64", "FILE")])
def test_wavs_of_other_kinds_are_whole_or_refused(tmp_path, kind, endian):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), RATE, "PCM_16", endian, kind)
    assert len(read_audio(path).samples) == len(tone())
    path.write_bytes(path.read_bytes()[:-100])
    assert "truncated" in refusal(path)


@pytest.mark.parametrize("kind", ["GSM610", "G721_32", "NMS_ADPCM_32", "IMA_ADPCM", "ULAW", "ALAW"])
def test_wavs_as_telephones_write_them_are_read(tmp_path, kind):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), RATE, kind)
    samples = read_audio(path).samples
    assert len(tone()) <= len(samples) < len(tone()) + 1100  # whole blocks
    assert np.corrcoef(samples[: len(tone())], tone())[0, 1] > 0.97


@pytest.mark.parametrize("sample", [np.nan, -np.inf, 1e30])
def test_a_sample_that_is_no_sound_is_refused(tmp_path, sample):
    wave = tone()
    wave[7] = sample
    soundfile.write(tmp_path / "a.wav", wave, RATE, "FLOAT")
    assert "1 samples that are NaN, infinite or beyond 2147483648" in refusal(tmp_path / "a.wav")


def test_chunks_before_the_sound_do_not_hide_that_it_is_cut_short(tmp_path):
    path = write(tmp_path / "a.wav", tone())
    content = path.read_bytes()
    start = content.index(b"data")
    note = b"LIST" + struct.pack("<I", 5) + b"hello\0"
    path.write_bytes(content[:start] + note + content[start:])
    assert len(read_audio(path).samples) == len(tone())
    path.write_bytes(path.read_bytes()[:-100])
    assert "truncated" in refusal(path)


def test_wav_that_a_pipe_wrote_has_no_length_and_is_read(tmp_path):
    path = write(tmp_path / "a.wav", tone())
    content = bytearray(path.read_bytes())
    start = content.index(b"data") + 4
    content[start : start + 4] = content[4:8] = b"\xff" * 4
    path.write_bytes(content)
    assert len(read_audio(path).samples) == len(tone())


@pytest.mark.parametrize("content", [b"This is no sound at all, but a text.\n" * 50, bytes(1000), b"\x89PNG\r\n"])
def test_not_audio(tmp_path, content):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert "not audio" in refusal(path)


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_silence_with_or_without_an_offset(tmp_path, level):
    assert "silent" in refusal(write(tmp_path / "a.wav", np.full(RATE, level)))


def test_the_dither_of_a_silent_recording_is_silence_too(tmp_path):
    dither = np.random.default_rng(0).choice([0.0, SILENCE_PEAK], RATE)
    assert "silent" in refusal(write(tmp_path / "a.wav", dither))


@pytest.mark.parametrize("gain", [1.0, 0.96, 1.04])
def test_of_channels_that_cancel_the_loudest_is_taken(tmp_path, gain):
    stereo = np.stack([tone(), -gain * tone()], axis=1)
    path = write(tmp_path / "a.wav", 0.9 * stereo, subtype="DOUBLE")
    np.testing.assert_array_equal(read_audio(path).samples, 0.9 * stereo[:, int(gain > 1)])


@pytest.mark.parametrize("right", ["silent", "weaker and inverted", "noise", "the same"])
def test_ordinary_stereo_is_the_mean_to_the_bit(tmp_path, right):
    left = tone()
    other = {"silent": 0 * left, "weaker and inverted": -0.8 * left, "the same": left}.get(right)
    stereo = np.stack([left, np.random.default_rng(0).normal(0, 0.1, len(left)) if other is None else other], axis=1)
    samples = read_audio(write(tmp_path / "a.wav", stereo, subtype="DOUBLE")).samples
    np.testing.assert_array_equal(samples, stereo.mean(axis=1))


def test_of_eight_channels_one_that_speaks_alone_does_not_cancel(tmp_path):
    channels = np.zeros((len(tone()), 8))
    channels[:, 5] = tone()
    samples = read_audio(write(tmp_path / "a.wav", channels, subtype="DOUBLE")).samples
    np.testing.assert_array_equal(samples, channels.mean(axis=1))


def test_a_faint_recording_is_read(tmp_path):
    recording = read_audio(write(tmp_path / "a.wav", 0.001 * tone()))
    assert np.ptp(recording.samples) > 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(tmp_path, value):
    samples = tone()
    samples[[7, 100]] = value
    assert "2 samples" in refusal(write(tmp_path / "a.wav", samples, subtype="FLOAT"))


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_ten_minutes(tmp_path, suffix):
    path = write(tmp_path / f"a{suffix}", np.tile(tone(1, 8000), 600), 8000)
    assert f"lasts 600 s and {MAX_SECONDS} s" in refusal(path)


def test_ten_minutes_of_unknown_length(tmp_path):
    path = write(tmp_path / "a.wav", np.tile(tone(1, 8000), 600), 8000)
    content = bytearray(path.read_bytes())
    start = content.index(b"data") + 4
    content[start : start + 4] = content[4:8] = b"\xff" * 4
    path.write_bytes(content)
    assert f"{MAX_SECONDS} s" in refusal(path)


def test_flac_that_states_no_length_is_read_to_its_end(tmp_path):
    for seconds in (0.5, MAX_SECONDS + 1):
        path = write(tmp_path / "a.flac", tone(seconds, 8000), 8000)
        whole = path.read_bytes()
        content = bytearray(whole)
        content[21] &= 0xF0
        content[22:26] = bytes(4)
        path.write_bytes(content)
        if seconds > MAX_SECONDS:
            assert f"lasts more than {MAX_SECONDS} s" in refusal(path)
        else:
            found = read_audio(path).samples
            path.write_bytes(whole)
            np.testing.assert_array_equal(found, read_audio(path).samples)


def test_the_longest_recording_taken(tmp_path):
    assert read_audio(write(tmp_path / "a.wav", tone(MAX_SECONDS, 8000), 8000)).seconds == MAX_SECONDS


def test_an_impossible_rate_is_refused_with_the_name_of_the_file(tmp_path):
    path = write(tmp_path / "a.wav", tone(0.5, 8000), 8000)
    content = bytearray(path.read_bytes())
    content[24:28] = (2_000_000_000).to_bytes(4, "little")
    path.write_bytes(content)
    assert f"{path} states a sampling rate of 2000000000 Hz" in refusal(path)
