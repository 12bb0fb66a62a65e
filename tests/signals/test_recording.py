"""A recording is readable while it is written, stays small, and is cut where a training is resumed."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from trainwell.errors import FolderError, UnknownNameError
from trainwell.signals import RUN_MEASURES, LayerInfo, Layout, Observer, Recorder, Recording
from trainwell.signals.recorder import CAPACITY, FILE_BYTES, LEAST_ROWS
from trainwell.signals.recording import FOLDER, HISTORY, LAYER_ROWS, LAYOUT, RUN_ROWS

LAYERS = (
    LayerInfo("dense", "Dense", "relu", 12, (3,)),
    LayerInfo("output", "Dense", "softmax", 8, (2,), is_output=True),
)
LAYOUT_OF = Observer().layout(LAYERS)
COLUMNS = len(LAYOUT_OF.columns)


def run_values(steps):
    """(steps, run measures): each value is step + place / 10."""
    return (np.asarray(steps)[:, None] + np.arange(len(RUN_MEASURES)) / 10).astype(np.float32)


def append(recorder, first, last, columns=COLUMNS, every=5):
    steps = np.arange(first, last + 1, dtype=np.int64)
    recorder.steps(steps, run_values(steps))
    looked = steps[(steps - 1) % every == 0]
    recorder.layers(looked, np.repeat(looked[:, None], columns, axis=1).astype(np.float32))


@pytest.fixture
def recorder(tmp_path):
    made = Recorder(tmp_path, LAYOUT_OF)
    yield made
    made.close()


def test_what_is_written_can_be_read_at_once(recorder, tmp_path):
    for last in (1, 2, 30):
        append(recorder, max(1, Recording.open(tmp_path).last_step + 1), last)
        recording = Recording.open(tmp_path)
        assert recording.last_step == last
        assert recording.run("loss").mean.tolist() == list(range(1, last + 1))
    assert recording.layers == LAYERS
    assert recording.layer("gradient_rms", "dense").last_step.tolist() == [1, 6, 11, 16, 21, 26]
    assert recording.run("learning_rate").maximum[0] == np.float32(1.1)


@pytest.mark.parametrize("name", [RUN_ROWS, LAYER_ROWS])
def test_a_half_written_row_is_ignored(recorder, tmp_path, name):
    append(recorder, 1, 20)
    file = tmp_path / FOLDER / name
    whole = file.read_bytes()
    rows = {RUN_ROWS: 20, LAYER_ROWS: 4}[name]
    size = len(whole) // rows
    for cut in (1, size // 2, size - 1):
        file.write_bytes(whole[:-cut])
        recording = Recording.open(tmp_path)
        read = recording.run_rows if name == RUN_ROWS else recording.layer_rows
        assert len(read) == rows - 1
        assert read["mean"][-1, 0] == {RUN_ROWS: 19, LAYER_ROWS: 11}[name]


def test_a_reader_never_sees_less_than_was_written(recorder, tmp_path):
    """Also across the moments in which the file is thinned and written anew."""
    for chunk in range(12):
        append(recorder, chunk * 1000 + 1, (chunk + 1) * 1000, every=1)
        recording = Recording.open(tmp_path)
        for rows in (recording.run_rows, recording.layer_rows):
            assert rows["count"].sum() == (chunk + 1) * 1000
            assert (rows["first_step"][0], rows["last_step"][-1]) == (1, (chunk + 1) * 1000)


def test_a_long_training_stays_small_and_loses_no_peak(recorder, tmp_path):
    peak, trough, bad = 77_777, 123_456, 42
    for first in range(1, 200_001, 2000):
        steps = np.arange(first, first + 2000, dtype=np.int64)
        values = np.ones((2000, len(RUN_MEASURES)), np.float32)
        values[steps == peak] = 1e6
        values[steps == trough] = -1e6
        values[steps == bad] = np.nan
        recorder.steps(steps, values)
    size = (tmp_path / FOLDER / RUN_ROWS).stat().st_size
    series = Recording.open(tmp_path).run("loss")
    assert len(series) <= CAPACITY
    assert size <= CAPACITY * (24 + 16 * len(RUN_MEASURES))
    where = int(series.maximum.argmax())
    assert series.maximum[where] == 1e6
    assert series.first_step[where] <= peak <= series.last_step[where]
    assert series.minimum.min() == -1e6
    assert series.nonfinite.sum() == 1
    assert (series.first_step[-CAPACITY // 4 :] == series.last_step[-CAPACITY // 4 :]).all()
    assert (series.first_step[0], series.last_step[-1]) == (1, 200_000)


def test_a_model_of_very_many_layers_stays_small_too(tmp_path):
    columns = tuple(("gradient_rms", f"dense_{n}") for n in range(3000))
    recorder = Recorder(tmp_path, Layout((), columns))
    for first in range(1, 1001, 100):
        append(recorder, first, first + 99, columns=3000, every=1)
    recorder.close()
    row = 24 + 16 * 3000
    assert len(Recording.open(tmp_path).layer_rows) >= LEAST_ROWS
    assert (tmp_path / FOLDER / LAYER_ROWS).stat().st_size <= max(FILE_BYTES, LEAST_ROWS * row)


def test_resuming_drops_what_came_after_the_checkpoint(recorder, tmp_path):
    append(recorder, 1, 100)
    for epoch in range(1, 6):
        recorder.epoch({"epoch": epoch, "loss": 1 / epoch})
    recorder.close()
    resumed = Recorder(tmp_path, LAYOUT_OF, resume_at=60, resume_epochs=3)
    recording = Recording.open(tmp_path)
    assert recording.last_step == 60
    assert recording.layer("weight_norm", "output").last_step.tolist() == list(range(1, 57, 5))
    append(resumed, 61, 80)
    resumed.epoch({"epoch": 4, "loss": 0.2})
    resumed.close()
    recording = Recording.open(tmp_path)
    assert recording.run("loss").mean.tolist() == list(range(1, 81))
    assert [row["epoch"] for row in recording.epochs] == [1, 2, 3, 4]
    assert recording.epochs[-1]["loss"] == 0.2


def test_without_resuming_it_starts_anew(recorder, tmp_path):
    append(recorder, 1, 50)
    recorder.close()
    Recorder(tmp_path, LAYOUT_OF).close()
    assert Recording.open(tmp_path).last_step == 0


def test_an_unwatched_training_has_no_columns(tmp_path):
    recorder = Recorder(tmp_path, Layout(LAYERS, ()))
    append(recorder, 1, 10, columns=0)
    recorder.close()
    recording = Recording.open(tmp_path)
    assert recording.last_step == 10
    assert not recording.has("gradient_rms", "dense")


def test_history_has_a_column_for_whatever_an_epoch_brings(recorder, tmp_path):
    recorder.epoch({"epoch": 1, "loss": 0.5})
    recorder.epoch({"epoch": 2, "loss": float("nan"), "val_loss": 0.25})
    with (tmp_path / HISTORY).open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["epoch", "loss", "val_loss"], ["1", "0.5", ""], ["2", "nan", "0.25"]]
    first, second = Recording.open(tmp_path).epochs
    assert np.isnan(first["val_loss"])
    assert (second["epoch"], second["val_loss"]) == (2, 0.25)
    assert np.isnan(second["loss"])


def test_a_layout_survives_json():
    assert Layout.from_json(LAYOUT_OF.to_json()) == LAYOUT_OF


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"layers": [{}], "columns": []}'])
def test_a_folder_without_a_recording_is_one_clear_error(content, tmp_path):
    if content is not None:
        (tmp_path / FOLDER).mkdir()
        (tmp_path / FOLDER / LAYOUT).write_text(content)
    with pytest.raises(FolderError, match="no recording in") as caught:
        Recording.open(tmp_path)
    assert "没有训练记录" in caught.value.text("zh")


def test_an_unknown_measure_names_the_nearest(recorder, tmp_path):
    recording = Recording.open(tmp_path)
    with pytest.raises(UnknownNameError, match="did you mean gradient_norm"):
        recording.run("gradient_nrom")
    with pytest.raises(UnknownNameError, match="gradient_rms of dense"):
        recording.layer("gradient_rms", "dens")


def test_nothing_is_left_behind_by_a_rewrite(recorder, tmp_path):
    for chunk in range(6):
        append(recorder, chunk * 1000 + 1, (chunk + 1) * 1000, every=1)
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == sorted([LAYER_ROWS, LAYOUT, RUN_ROWS])
