import json

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trainwell.data.formats import format_from_json, format_to_json
from trainwell.data.formats.audio import AudioFormat
from trainwell.data.sound.recordings import Recordings
from trainwell.errors import DataError, FolderError

FORM = AudioFormat(8000, 4000)


@pytest.fixture
def noise():
    return lambda samples=2000, seed=0: np.random.default_rng(seed).integers(-9000, 9000, samples).astype(np.int16)


@given(st.lists(arrays(np.int16, st.integers(1, 12)), min_size=1, max_size=4), st.integers(1, 15))
def test_encoded_sound_is_the_sound_then_zeros(waves, length):
    x = AudioFormat(8000, length).encode(waves)
    assert (x.shape, x.dtype) == ((len(waves), length), np.int16)
    for row, wave in zip(x, waves, strict=True):
        np.testing.assert_array_equal(row[: len(wave)], wave[:length])
        assert not row[len(wave) :].any()


@given(st.integers(1, 10**6), st.integers(1, 10**8))
def test_json_round_trip(rate, length):
    form = AudioFormat(rate, length)
    assert format_from_json(json.loads(json.dumps(format_to_json(form)))) == form


def test_json_of_no_format(refused):
    for values in ({"sample_rate": 8000}, {"sample_rate": 8000, "length": 0}):
        with refused(FolderError):
            format_from_json({"kind": "audio", **values})


def test_a_file_of_another_rate_a_folder_and_a_zip_agree(tmp_path, noise):
    import shutil

    (tmp_path / "new" / "deep").mkdir(parents=True)
    soundfile.write(tmp_path / "new" / "a10.wav", noise(seed=1), 8000)
    soundfile.write(tmp_path / "new" / "a9.flac", noise(8000, seed=2), 16_000)
    soundfile.write(tmp_path / "new" / "deep" / "b.wav", noise(5000, seed=3), 8000)
    (tmp_path / "new" / "readme.txt").write_text("not read")
    shutil.make_archive(str(tmp_path / "new"), "zip", tmp_path / "new")
    folder, archive = FORM.read(tmp_path / "new"), FORM.read(str(tmp_path / "new.zip"))
    assert folder.names == tuple(str(tmp_path / "new" / n) for n in ("a9.flac", "a10.wav", "deep/b.wav"))
    assert archive.names == tuple(name.replace("/new/", "/new.zip/") for name in folder.names)
    assert folder.shown == archive.shown == ("0.50 s", "0.25 s", "0.62 s")
    np.testing.assert_array_equal(folder.x, archive.x)
    np.testing.assert_array_equal(folder.x[1:2], FORM.read(tmp_path / "new" / "a10.wav").x)
    assert [note.text.en for note in folder.notes] == [
        "1 of 3 recordings is longer than 0.5 s, on which the network was trained; only the beginning is looked at."
    ]


def test_arrays_of_every_form_agree(tmp_path, noise):
    wave = noise()
    expected = FORM.encode([wave])
    np.save(tmp_path / "one.npy", wave[np.newaxis])
    np.savez(tmp_path / "one.npz", x=wave[np.newaxis])
    given = [wave, wave[np.newaxis], [wave], wave / 32768, [(wave / 32768).astype(np.float32)]]
    given += [(wave / 32768).tolist(), tmp_path / "one.npy", tmp_path / "one.npz"]
    for source in given:
        samples = FORM.read(source)
        np.testing.assert_array_equal(samples.x, expected)
        assert (samples.names, samples.shown, samples.notes) == (("#0",), ("0.25 s",), ())
    assert len(FORM.read([noise(10), noise(99)]).x) == 2


@pytest.mark.parametrize(
    ("source", "en", "zh"),
    [
        ([], "at least one", "至少给出一个"),
        (np.zeros((5000, 2)), "channels", "声道"),
        (np.full(100, 3000.0), "32768", "32768"),
        (np.array([0.1, np.nan]), "-1..1", "-1 到 1"),
        (np.arange(100), "int64", "int64"),
        ([np.zeros(0)], "(0,)", "(0,)"),
        (np.zeros((2, 3, 4)), "(3, 4)", "(3, 4)"),
        ("text", "nothing to predict", "没有可预测"),
    ],
)
def test_what_is_no_recording(refused, source, en, zh):
    with refused((DataError, FolderError), en=[en], zh=[zh]):
        FORM.read(source)


def test_silent_recordings_are_named_or_refused(tmp_path, noise, refused):
    soundfile.write(tmp_path / "a.wav", noise(), 8000)
    soundfile.write(tmp_path / "quiet.wav", np.zeros(500), 8000)
    notes = FORM.read(tmp_path).notes
    assert [(note.severity, "quiet.wav" in note.text.zh) for note in notes] == [("warning", True)]
    with refused(DataError, "quiet.wav", en=["silent"], zh=["静音"]):
        FORM.read(tmp_path / "quiet.wav")


def test_damaged_files_are_skipped_unless_strict_or_alone(tmp_path, noise, refused):
    soundfile.write(tmp_path / "a.wav", noise(), 8000)
    victim = tmp_path / "b.wav"
    victim.write_bytes((tmp_path / "a.wav").read_bytes()[:1000])
    samples = FORM.read(tmp_path)
    assert samples.names == (str(tmp_path / "a.wav"),)
    assert "b.wav" in samples.notes[0].text.en
    for source, strict in ((victim, False), (tmp_path, True)):
        with refused(DataError, "b.wav", en=["cut off"]):
            FORM.read(source, strict=strict)
    (tmp_path / "a.wav").write_bytes(victim.read_bytes())
    with refused(DataError, str(tmp_path), en=["no sound file could be read"]):
        FORM.read(tmp_path)


def test_recordings_taken_are_those_recordings(noise):
    all_of_them = Recordings(tuple(noise(n) for n in (3, 5, 7)), np.array([0.3, 0.5, 0.7]), 8000)
    some = all_of_them.take(np.array([2, 0]))
    assert ([len(w) for w in some.waves], some.seconds.tolist(), len(some)) == ([7, 3], [0.7, 0.3], 2)
    assert AudioFormat(10, 4).encode(some).shape == (2, 4)
