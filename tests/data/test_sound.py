import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trainwell.data.sound.file import DamagedSoundError, decode, is_silent, read_header, sound_paths, to_int16
from trainwell.errors import DataError, FolderError


def tone(hertz, rate, seconds=0.5, height=0.5):
    return height * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".oga", ".aiff", ".aif", ".mp3", ".WAV"])
def test_every_format(tmp_path, suffix):
    path = tmp_path / f"tone{suffix}"
    soundfile.write(path, tone(440, 16_000), 16_000, format={".oga": "OGG", ".aif": "AIFF"}.get(suffix))
    assert sound_paths(tmp_path) == sound_paths(path) == [path]
    assert read_header(path).rate == 16_000
    wave = decode(path, 16_000)
    assert wave.dtype == np.int16
    assert len(wave) == pytest.approx(8000, abs=1200 if suffix == ".mp3" else 0)  # MP3 pads to whole frames
    assert np.abs(wave).max() == pytest.approx(16_384, rel=0.1)  # lossy codings move the peak a little


@pytest.mark.parametrize("depth", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_depth(tmp_path, depth):
    expected = tone(440, 8000)
    soundfile.write(tmp_path / "a.wav", expected, 8000, subtype=depth)
    step = 256 if depth == "PCM_U8" else 1
    assert np.abs(decode(tmp_path / "a.wav", 8000) - expected * 32768).max() <= step


def test_sixteen_bit_mono_is_taken_bit_by_bit(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32768, 5000).astype(np.int16)
    samples[:2] = -32768, 32767
    soundfile.write(tmp_path / "a.wav", samples, 8000)
    np.testing.assert_array_equal(decode(tmp_path / "a.wav", 8000), samples)


def test_channels_are_averaged(tmp_path):
    left, right = tone(300, 8000), tone(500, 8000)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, right], axis=1), 8000)
    assert read_header(tmp_path / "stereo.wav").channels == 2
    assert (
        np.abs(decode(tmp_path / "stereo.wav", 8000) - (left + right) / 2 * 32768).max() <= 1.5
    )  # each is rounded, then the mean


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 12_345])
def test_a_tone_is_the_same_tone_at_another_rate(tmp_path, rate):
    soundfile.write(tmp_path / "a.wav", tone(440, rate), rate, subtype="FLOAT")
    wave = decode(tmp_path / "a.wav", 16_000)
    assert len(wave) == 8000
    error = wave - tone(440, 16_000) * 32768
    # Kaiser's window with beta 5 has 0.5% ripple (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3);
    # at both ends the filter sees the silence outside.
    assert np.abs(error[200:-200]).max() < 0.005 * 16_384


def test_what_is_too_high_for_the_rate_does_not_fold_back(tmp_path):
    soundfile.write(tmp_path / "high.wav", tone(15_000, 44_100), 44_100)  # would be heard at 1,000 Hz
    assert np.abs(decode(tmp_path / "high.wav", 16_000)[200:-200]).max() < 0.005 * 16_384


def test_full_scale_is_clipped_and_not_wrapped(tmp_path):
    soundfile.write(tmp_path / "loud.wav", np.array([0.0, 1.7, -1.7, 0.5]), 8000, subtype="FLOAT")
    assert decode(tmp_path / "loud.wav", 8000).tolist() == [0, 32767, -32768, 16384]


@given(arrays(np.int16, st.integers(1, 30)))
def test_floats_and_back(wave):
    np.testing.assert_array_equal(to_int16(wave / 32768), wave)


@pytest.mark.parametrize("rate", [8000, 44_100])
def test_only_the_wanted_seconds_are_decoded_and_they_are_the_same(tmp_path, rate):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 2 * rate)
    soundfile.write(tmp_path / "a.wav", noise, rate)
    whole, part = decode(tmp_path / "a.wav", 8000), decode(tmp_path / "a.wav", 8000, 0.3)
    np.testing.assert_array_equal(part, whole[:2400])


def test_silence_is_what_lies_80_decibels_below_full_scale():
    assert is_silent(np.full(100, 1234, np.int16))  # a constant offset is not heard
    for level, silent in ((-100, True), (-81, True), (-79, False), (-20, False)):
        wave = to_int16(tone(440, 8000, height=10 ** (level / 20)))
        assert is_silent(wave) == silent, level


def cut(path, share):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize("suffix", [".wav", ".aiff", ".flac", ".ogg", ".mp3"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_cut_off(tmp_path, refused, suffix, share):
    path = tmp_path / f"noise{suffix}"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, 80_000), 16_000)
    decode(path, 16_000)
    with refused(DamagedSoundError, str(path), en=["cut off"], zh=["不完整"]):
        decode(cut(path, share), 16_000)


def test_a_header_written_before_the_length_was_known_is_no_damage(tmp_path):
    path = tmp_path / "stream.wav"
    soundfile.write(path, tone(440, 8000), 8000)
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = struct.pack("<I", 0xFFFF_FFFF)
    path.write_bytes(content)
    assert len(decode(path, 8000)) == 4000


def test_a_name_that_is_not_utf8(tmp_path):
    path = tmp_path / "声\udcff.wav"
    soundfile.write(tmp_path / "a.wav", tone(440, 8000), 8000)
    (tmp_path / "a.wav").rename(path)
    assert len(decode(path, 8000)) == 4000


def test_other_chunks_before_the_sound_are_passed_over(tmp_path):
    path = tmp_path / "tagged.wav"
    soundfile.write(path, tone(440, 8000), 8000)
    content = path.read_bytes()
    chunk = b"LIST" + struct.pack("<I", 5) + b"INFO!\0"  # of odd length, so one byte is filled in
    content = content[:4] + struct.pack("<I", len(content) - 8 + len(chunk)) + content[8:12] + chunk + content[12:]
    path.write_bytes(content)
    assert len(decode(path, 8000)) == 4000
    with pytest.raises(DamagedSoundError):
        decode(cut(path, 0.9), 8000)


def test_not_sound_whatever_its_name_says(tmp_path, refused):
    path = tmp_path / "text.wav"
    path.write_text("no sound at all", encoding="utf-8")
    with refused(DataError, str(path), en=["is not sound", "WAV, FLAC"], zh=["不是声音"]):
        decode(path, 8000)
    with pytest.raises(DataError) as caught:
        read_header(path)
    assert not isinstance(caught.value, DamagedSoundError)


def test_empty_broken_and_missing(tmp_path, refused):
    (tmp_path / "nothing.wav").write_bytes(b"")
    soundfile.write(tmp_path / "zero.wav", np.zeros(0), 8000)
    for name in ("nothing.wav", "zero.wav"):
        with refused(DamagedSoundError, name, en=["is empty"], zh=["是空的"]):
            decode(tmp_path / name, 8000)
    (tmp_path / "header.wav").write_bytes(b"RIFF\x10\0\0\0WAVEnothing more")
    (tmp_path / "header.flac").write_bytes(b"fLaC nothing more")
    soundfile.write(tmp_path / "nan.wav", np.array([0.1, np.nan]), 8000, subtype="FLOAT")
    for name in ("header.wav", "header.flac", "nan.wav"):
        with refused(DamagedSoundError, name, en=["damaged"], zh=["已损坏"]):
            decode(tmp_path / name, 8000)
    with refused(FolderError, "gone.wav", en=["cannot read"], zh=["无法读取"]):
        decode(tmp_path / "gone.wav", 8000)
    (tmp_path / "empty").mkdir()
    with refused(FolderError, "empty", "WAV", en=["no sound file"], zh=["没有声音文件"]):
        sound_paths(tmp_path / "empty")
    with refused(FolderError, "nowhere"):
        sound_paths(tmp_path / "nowhere")
